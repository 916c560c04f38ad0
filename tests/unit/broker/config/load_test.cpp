#include "lib/broker/config/load.h"

#include <catch2/catch.hpp>
#include <map>

using namespace mqz;
using namespace mqz::broker;

namespace {

class FakeFiles final : public os::TextFiles {
 public:
  explicit FakeFiles(std::map<std::string, std::string> files) : files_(std::move(files)) {}
  Result<std::string> read(const std::string& path) const override {
    const auto found = files_.find(path);
    if (found == files_.end())
      return fail(ErrorCode::not_found, path + ": No such file or directory");
    return found->second;
  }
  Result<std::vector<std::string>> list(const std::string& directory) const override {
    std::vector<std::string> names;
    for (const auto& [path, text] : files_) {
      if (path.starts_with(directory + "/")) names.push_back(path.substr(directory.size() + 1));
    }
    if (names.empty()) return fail(ErrorCode::not_found, directory + ": No such file or directory");
    return names;
  }

 private:
  std::map<std::string, std::string> files_;
};

LoadedConfig load(const std::string& text) {
  return load_config("m.conf", FakeFiles({{"m.conf", text}}));
}

std::string findings(const LoadedConfig& loaded) {
  std::string text;
  for (const Finding& finding : loaded.findings) text += finding_text(finding) + '\n';
  return text;
}

Config config_of(const std::string& text) {
  const LoadedConfig loaded = load(text);
  INFO(findings(loaded));
  REQUIRE_FALSE(loaded.has_errors());
  return loaded.config;
}

void check_error(const std::string& text, const std::string& expected) {
  const LoadedConfig loaded = load(text);
  INFO(findings(loaded));
  CHECK(loaded.has_errors());
  CHECK(findings(loaded).find(expected) != std::string::npos);
}

}  // namespace

TEST_CASE("a configuration without a listener is open to this machine only", "[broker][config]") {
  for (const Config& config : {default_config(), config_of(""), config_of("# nothing\n\n")}) {
    REQUIRE(config.listeners.size() == 2);
    CHECK(config.listeners[0].address == "127.0.0.1");
    CHECK(config.listeners[0].port == 1883);
    CHECK(config.listeners[0].allow_anonymous);
    CHECK(config.listeners[1].address == "::1");
    CHECK_FALSE(config.listeners[1].is_required);
    CHECK(config.settings.queue_messages_max == 0);
    CHECK(config.settings.queue_bytes_max == 1ULL << 30U);
    CHECK(config.settings.packet_bytes_max == 2'000'000);
    CHECK(config.settings.keep_alive_max_s == 65'535);
    CHECK(config.settings.inflight_max == 20);
    CHECK(config.settings.connections_max == SIZE_MAX);
    CHECK(config.log.to_stderr);
    CHECK(config.log.has(LogType::notice));
    CHECK_FALSE(config.log.has(LogType::debug));
    CHECK(config.sys_interval_s == 10);
    CHECK(config.persistence);
  }
}

TEST_CASE("listener words belong to the listener above them", "[broker][config]") {
  const Config config = config_of(
      "allow_anonymous true\n"
      "listener 1884 10.0.0.1\n"
      "max_connections 5\n"
      "max_qos 1\n"
      "listener 0 /run/mqz.sock\n"
      "listener_allow_anonymous false\n"
      "max_topic_alias 0\n");
  REQUIRE(config.listeners.size() == 2);
  CHECK(config.listeners[0].address == "10.0.0.1");
  CHECK(config.listeners[0].port == 1884);
  CHECK(config.listeners[0].connections_max == 5);
  CHECK(config.listeners[0].qos_max == mqtt::Qos::at_least_once);
  CHECK(config.listeners[0].allow_anonymous);
  CHECK(config.listeners[0].from == "m.conf:2");
  CHECK(config.listeners[1].unix_path == "/run/mqz.sock");
  CHECK(config.listeners[1].port == 0);
  CHECK_FALSE(config.listeners[1].allow_anonymous);
  CHECK(config.listeners[1].connections_max == SIZE_MAX);
  CHECK(config.listeners[1].topic_alias_max == 0);
  CHECK(settings_for(config, config.listeners[0]).qos_max == mqtt::Qos::at_least_once);
  CHECK_FALSE(settings_for(config, config.listeners[1]).allow_anonymous);
}

TEST_CASE("port and bind_address make one listener of the old form", "[broker][config]") {
  const Config config =
      config_of("port 1999\nbind_address 127.0.0.1\nmax_connections 3\nallow_anonymous true\n");
  REQUIRE(config.listeners.size() == 1);
  CHECK(config.listeners[0].port == 1999);
  CHECK(config.listeners[0].address == "127.0.0.1");
  CHECK(config.listeners[0].connections_max == 3);
}

TEST_CASE("a listener refuses the anonymous unless told otherwise, and that is said",
          "[broker][config]") {
  const LoadedConfig loaded = load("listener 1883\n");
  REQUIRE_FALSE(loaded.has_errors());
  CHECK_FALSE(loaded.config.listeners.at(0).allow_anonymous);
  CHECK(findings(loaded).find("every client will be refused") != std::string::npos);
}

TEST_CASE("with per_listener_settings the security words are the listener's", "[broker][config]") {
  const Config config = config_of(
      "per_listener_settings true\n"
      "listener 1\nallow_anonymous true\nauto_id_prefix one-\n"
      "listener 2\nallow_zero_length_clientid false\n");
  CHECK(config.listeners.at(0).allow_anonymous);
  CHECK(config.listeners.at(0).client_id_prefix == "one-");
  CHECK_FALSE(config.listeners.at(1).allow_anonymous);
  CHECK(config.listeners.at(1).client_id_prefix == "auto-");
  CHECK_FALSE(config.listeners.at(1).allow_empty_client_id);
  check_error("allow_anonymous true\nper_listener_settings true\n",
              "m.conf:2: error: per_listener_settings true must stand before");
}

TEST_CASE("values of every kind are read", "[broker][config]") {
  const Config config = config_of(
      "  max_queued_messages\t0x10   # a comment\r\n"
      "max_queued_bytes 0\n"
      "max_inflight_messages 0\n"
      "max_keepalive 120\n"
      "message_size_limit 100\n"
      "persistent_client_expiration 2w\n"
      "persistence_location /var/lib/a directory # with this name\n"
      "log_type debug\nlog_type error\n"
      "log_dest file /var/log/mqz and more.log\nlog_dest topic\n"
      "log_timestamp_format %Y-%m-%d\n"
      "queue_qos0_messages 1\n"
      "retain_available false\n"
      "set_tcp_nodelay false\n"
      "sys_interval 0\n"
      "max_topic_levels 10\n");
  CHECK(config.settings.queue_messages_max == 16);
  CHECK(config.settings.queue_bytes_max == SIZE_MAX);
  CHECK(config.settings.inflight_max == 65'535);
  CHECK(config.settings.receive_max == 65'535);
  CHECK(config.settings.keep_alive_max_s == 120);
  CHECK(config.settings.message_bytes_max == 100);
  CHECK(config.settings.session_expiry_max_s == 1'209'600);
  CHECK(config.persistence_location == "/var/lib/a directory # with this name");
  CHECK(config.log.has(LogType::debug));
  CHECK(config.log.has(LogType::error));
  CHECK_FALSE(config.log.has(LogType::notice));
  CHECK(config.log.file == "/var/log/mqz and more.log");
  CHECK(config.log.to_topic);
  CHECK_FALSE(config.log.to_stderr);
  CHECK(config.settings.queue_qos0);
  CHECK_FALSE(config.settings.retain_available);
  CHECK_FALSE(config.tcp_nodelay);
  CHECK(config.sys_interval_s == 0);
  CHECK(config.settings.topic_levels_max == 10);
}

TEST_CASE("errors name the file, the line, the word and the reason", "[broker][config]") {
  check_error(
      "\nmax_conections 5\n",
      "m.conf:2: error: unknown word 'max_conections'\n  hint: did you mean 'max_connections'?");
  check_error("sys_interval ten", "m.conf:1: error: sys_interval is a whole number, not 'ten'");
  check_error("sys_interval 65536", "sys_interval is from 0 to 65535, not 65536");
  check_error("sys_interval 99999999999999999999999",
              "sys_interval is from 0 to 65535, not 99999999999999999999999");
  check_error("max_packet_size 19", "max_packet_size is from 20 to 268435460, not 19");
  check_error("persistence maybe", "persistence is true or false, not 'maybe'");
  check_error("persistence", "persistence has no value");
  check_error("persistence # true", "persistence has no value");
  check_error("persistence true false", "persistence takes one value, and 'false' follows");
  check_error("log_type loud", "log_type has no type 'loud'");
  check_error("log_dest nowhere",
              "log_dest is stdout, stderr, syslog, topic, file or none, not 'nowhere'");
  check_error("log_dest file", "log_dest file needs a path");
  check_error("listener 70000", "listener port is from 0 to 65535, not 70000");
  check_error("listener 0", "listener with port 0 needs the path of a Unix socket");
  check_error("persistent_client_expiration 5",
              "persistent_client_expiration is a number and one of s h d w m y");
  check_error("persistent_client_expiration d",
              "persistent_client_expiration is a number and one of s h d w m y");
  check_error("auto_id_prefix " + std::string(51, 'x'), "auto_id_prefix is longer than 50 bytes");
  check_error("pid_file \xFF", "pid_file is not valid UTF-8");
  check_error(
      "b\x01"
      "d 1",
      "unknown word 'b\\x01d'");
  check_error("include_dir /nowhere", "m.conf:1: error: include_dir: /nowhere: No such file");
  check_error("listener 1883\nlistener 1883\n",
              "m.conf:2: error: a listener for this port and address is there already");
  check_error("protocol websockets", "protocol websockets comes with a later part");
}

TEST_CASE("all errors of a file are told, up to a limit", "[broker][config]") {
  CHECK(load("a 1\nuser root\nb 2\n").findings.size() == 3);
  std::string text;
  for (int i = 0; i < 1'000; ++i) text += "nonsense 1\n";
  CHECK(load(text).findings.size() == error_max);
}

TEST_CASE("a file that is not there is one error", "[broker][config]") {
  const LoadedConfig loaded = load_config("/none.conf", FakeFiles({}));
  CHECK(findings(loaded) == "error: /none.conf: No such file or directory\n");
}

TEST_CASE(
    "words of Mosquitto that come later are refused, and harmless ones are ignored with a warning",
    "[broker][config]") {
  check_error("listener 8883\ncertfile /x.crt\n",
              "m.conf:2: error: certfile comes with a later part of mqz");
  check_error("password_file /etc/passwd\n", "password_file comes with a later part");
  check_error("plugin_opt_config_file /x\n", "plugin_opt_config_file comes with a later part");
  const LoadedConfig bridge = load("connection up\naddress a:1883\ntopic # out\n");
  CHECK(bridge.findings.size() == 1);
  CHECK(bridge.has_errors());
  check_error("topic # out\n", "topic stands below no connection");
  const LoadedConfig ignored = load("autosave_interval 60\n");
  CHECK_FALSE(ignored.has_errors());
  CHECK(findings(ignored) == "m.conf:1: warning: autosave_interval has no effect in mqz\n");
}

TEST_CASE("a word that is written twice is an error for texts and replaced for others",
          "[broker][config]") {
  check_error("pid_file /a\npid_file /b\n",
              "m.conf:2: error: pid_file is there already, in m.conf:1");
  const LoadedConfig loaded = load("sys_interval 1\nsys_interval 2\n");
  CHECK(loaded.config.sys_interval_s == 2);
  CHECK(findings(loaded) == "m.conf:2: warning: sys_interval replaces the one in m.conf:1\n");
  CHECK(load("allow_anonymous true\nlistener 1\nmax_connections 1\nlistener 2\nmax_connections 2\n")
            .findings.empty());
}

TEST_CASE("a listener word above every listener is warned of", "[broker][config]") {
  const LoadedConfig loaded = load("max_connections 5\nlistener 1883\nallow_anonymous true\n");
  CHECK(findings(loaded).find("m.conf:1: warning: a listener word above every listener") == 0);
  CHECK(loaded.config.listeners.at(0).connections_max == SIZE_MAX);
  CHECK(config_of("max_connections 5\n").listeners.at(1).connections_max == 5);
}

TEST_CASE("include_dir reads the .conf files of a directory in order", "[broker][config]") {
  const FakeFiles files(
      {{"m.conf", "allow_anonymous true\nlistener 1\ninclude_dir d\nmax_connections 7\n"},
       {"d/10.conf", "sys_interval 1\nlistener 2\n"},
       {"d/20.conf", "sys_interval 2\n"},
       {"d/readme", "nonsense"}});
  const LoadedConfig loaded = load_config("m.conf", files);
  INFO(findings(loaded));
  REQUIRE_FALSE(loaded.has_errors());
  CHECK(loaded.config.sys_interval_s == 2);
  REQUIRE(loaded.config.listeners.size() == 2);
  CHECK(loaded.config.listeners[0].connections_max == 7);
  CHECK(loaded.config.listeners[1].from == "d/10.conf:2");
  const LoadedConfig wrong = load_config(
      "m.conf", FakeFiles({{"m.conf", "include_dir d"}, {"d/a.conf", "\ninclude_dir d"}}));
  CHECK(findings(wrong) == "d/a.conf:2: error: include_dir works in the main file only\n");
}

TEST_CASE("old spellings mean the word of today", "[broker][config]") {
  CHECK(config_of("maximum_qos 0\n").listeners.at(0).qos_max == mqtt::Qos::at_most_once);
  CHECK(config_of("retained_persistence true\n").persistence);
}
