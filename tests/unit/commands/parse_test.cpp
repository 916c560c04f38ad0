#include "commands/parse.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "commands/connection_options.h"
#include "commands/general_options.h"
#include "commands/values.h"

using namespace mqz::commands;

namespace {

int run_nothing(const Parsed&) { return 0; }

constexpr Option own_options[] = {
    {.name = "topic",
     .letter = 't',
     .value = "TOPIC",
     .type = ValueType::text,
     .group = "message",
     .doc = "where to",
     .fallback = "/Testing",
     .repeatable = true},
    {.name = "message",
     .letter = 'm',
     .value = "TEXT",
     .type = ValueType::text,
     .group = "message",
     .doc = "what"},
    {.name = "qos",
     .letter = 'q',
     .value = "QOS",
     .type = ValueType::choice,
     .group = "message",
     .doc = "how surely",
     .fallback = "0",
     .choices = "0|1|2"},
    {.name = "retain", .letter = 'r', .group = "message", .doc = "keep it"},
    {.name = "null", .letter = 'n', .group = "message", .doc = "an empty one"},
    {.name = "count",
     .letter = 'C',
     .value = "N",
     .type = ValueType::integer,
     .group = "message",
     .doc = "how many",
     .min = 1,
     .max = 1000},
    {.name = "max-size",
     .value = "BYTES",
     .type = ValueType::size,
     .group = "message",
     .doc = "how much"},
    {.name = "timeout",
     .letter = 'W',
     .value = "DURATION",
     .type = ValueType::duration,
     .group = "message",
     .doc = "how long"},
};
constexpr OptionTable tables[] = {own_options, connection_options, general_options};
constexpr Command send_command{
    .name = "send", .summary = "send", .tables = tables, .run = run_nothing};

constexpr Operand name_operand[] = {{.name = "NAME", .doc = "which", .required = true}};
constexpr OptionTable hold_tables[] = {general_options};
constexpr Command hold_command{.name = "hold",
                               .summary = "hold",
                               .tables = hold_tables,
                               .operands = name_operand,
                               .run = run_nothing,
                               .takes_words = true};
constexpr const Command* commands_in_order[] = {&send_command, &hold_command};

using Words = std::vector<std::string>;

Checked<Outcome> parse_send(const Words& words, std::vector<std::string> environment = {}) {
  return parse(send_command, "send", commands_in_order, words,
               Surroundings{std::move(environment), "/nowhere"});
}

// What is said on stderr when it fails: "status text / hint".
std::string complaint_of(const Checked<Outcome>& outcome) {
  if (outcome) return "accepted";
  const Stop& stop = outcome.error();
  return std::to_string(static_cast<int>(stop.code)) + " " + stop.text + " / " + stop.hint;
}

// A configuration file that lives as long as this.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text) {
    const int fd = ::mkstemp(name_);
    REQUIRE(fd >= 0);
    std::FILE* file = ::fdopen(fd, "w");
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
  }
  ~ConfigFile() { std::remove(name_); }
  std::string path() const { return name_; }

 private:
  char name_[32] = "/tmp/mqz-config-XXXXXX";
};

Checked<Outcome> parse_with_file(const std::string& text, Words words = {},
                                 std::vector<std::string> environment = {}) {
  const ConfigFile file(text);
  words.insert(words.begin(), {"--config", file.path()});
  auto outcome = parse_send(words, std::move(environment));
  if (!outcome) {
    // The name of the file is chance.
    std::string& message = outcome.error().text;
    const auto at = message.find(file.path());
    if (at != std::string::npos) message.replace(at, file.path().size(), "FILE");
  }
  return outcome;
}

}  // namespace

TEST_CASE("a flag may be written in every usual way", "[commands]") {
  for (const Words& words : {Words{"-m", "x"}, Words{"-mx"}, Words{"--message", "x"},
                             Words{"--message=x"}, Words{"-rmx"}, Words{"-nrm", "x"}}) {
    const auto outcome = parse_send(words);
    REQUIRE(outcome);
    CHECK(outcome->parsed.text("message") == "x");
    CHECK(outcome->parsed.typed("message"));
  }
}

TEST_CASE("a value may look like a flag, a list, or nothing", "[commands]") {
  for (const std::string value : {"", "-", "--", "-t", "--topic", "[1,2]", "a,b", "--topic=x", "%",
                                  "{}", "a=b", "-5", "\"quoted\"", "@file", " blank "}) {
    CAPTURE(value);
    const auto separate = parse_send({"-m", value, "-r"});
    REQUIRE(separate);
    CHECK(separate->parsed.text("message") == value);
    CHECK(separate->parsed.texts("message").size() == 1);
    CHECK(separate->parsed.flag("retain"));
    const auto joined = parse_send({"--message=" + value, "-r"});
    REQUIRE(joined);
    CHECK(joined->parsed.text("message") == value);
    CHECK(joined->parsed.flag("retain"));
  }
}

TEST_CASE("a repeatable option keeps all, another is given once", "[commands]") {
  const auto outcome = parse_send({"-t", "a", "-q", "1", "--topic=b"});
  REQUIRE(outcome);
  CHECK(outcome->parsed.texts("topic") == Words{"a", "b"});
  for (const Words& words : {Words{"-m", "a", "-m", "b"}, Words{"-ma", "--message=a"}}) {
    CHECK(complaint_of(parse_send(words)) ==
          "2 --message is given 2 times and takes one value / see mqz send --help");
  }
  CHECK(complaint_of(parse_send({"-q", "0", "-q", "1", "--qos", "2"})) ==
        "2 --qos is given 3 times and takes one value / see mqz send --help");
  // The layers do not count together, and who asks for help gets it.
  CHECK(parse_send({"-q", "0"}, {"MQZ_SEND_QOS=2"})->parsed.text("qos") == "0");
  CHECK(parse_send({"-m", "a", "-m", "b", "--help"}));
}

TEST_CASE("a flag may be repeated, and not contradict itself", "[commands]") {
  CHECK(parse_send({"-r", "--retain", "-rr"})->parsed.flag("retain"));
  CHECK(complaint_of(parse_send({"-r", "--retain=false"})) ==
        "2 --retain is turned on and off / see mqz send --help");
}

TEST_CASE("a flag without a value can be turned off", "[commands]") {
  CHECK_FALSE(parse_send({})->parsed.flag("retain"));
  CHECK(parse_send({"--retain"})->parsed.flag("retain"));
  CHECK_FALSE(parse_send({"--retain=false"})->parsed.flag("retain"));
  CHECK_FALSE(parse_send({"--retain=no"}, {"MQZ_SEND_RETAIN=true"})->parsed.flag("retain"));
}

TEST_CASE("a property is three words, four for a user property", "[commands]") {
  const auto outcome = parse_send({"-D", "publish", "content-type", "-x", "-D", "publish",
                                   "user-property", "k", "v", "-m", "x"});
  REQUIRE(outcome);
  const auto& properties = outcome->parsed.texts("property");
  REQUIRE(properties.size() == 2);
  CHECK(properties[0] ==
        "publish\x1f"
        "content-type\x1f-x");
  CHECK(properties[1] == "publish\x1fuser-property\x1fk\x1fv");
  CHECK(outcome->parsed.text("message") == "x");
  CHECK(complaint_of(parse_send({"-D", "publish", "content-type"})) ==
        "2 --property: a property needs COMMAND NAME VALUE / ");
}

TEST_CASE("flag beats environment beats file beats default", "[commands]") {
  struct Layer {
    Words words{};
    std::vector<std::string> environment{};
    std::string file{};
  };
  // Every subset of the layers: bit 0 the file, bit 1 the environment, bit 2 the flag.
  for (unsigned layers = 0; layers < 8; ++layers) {
    CAPTURE(layers);
    const std::string file = (layers & 1U) != 0 ? "host = 'file'\n[send]\nqos = 1\n" : "";
    std::vector<std::string> environment;
    if ((layers & 2U) != 0) environment = {"MQZ_HOST=environment", "MQZ_SEND_QOS=2"};
    Words words;
    if ((layers & 4U) != 0) words = {"-h", "flag", "-q", "0"};
    const auto outcome = parse_with_file(file, words, environment);
    REQUIRE(outcome);
    const std::string host = layers >= 4   ? "flag"
                             : layers >= 2 ? "environment"
                             : layers == 1 ? "file"
                                           : "localhost";
    const std::string qos = layers >= 4 ? "0" : layers >= 2 ? "2" : layers == 1 ? "1" : "0";
    CHECK(outcome->parsed.text("host") == host);
    CHECK(outcome->parsed.text("qos") == qos);
    const Source source = layers >= 4   ? Source::flag
                          : layers >= 2 ? Source::environment
                          : layers == 1 ? Source::file
                                        : Source::fallback;
    CHECK(outcome->parsed.source("host") == source);
    CHECK(outcome->parsed.source("qos") == source);
  }
}

TEST_CASE("a profile beats the rest of the file, a section beats what is shared", "[commands]") {
  const std::string file =
      "host = 'shared'\n"
      "[send]\nhost = 'section'\nqos = 1\n"
      "[profile.home]\nhost = 'home'\n"
      "[profile.work.send]\nhost = 'work'\n";
  CHECK(parse_with_file("host = 'shared'")->parsed.text("host") == "shared");
  CHECK(parse_with_file(file)->parsed.text("host") == "section");
  CHECK(parse_with_file(file, {"--profile", "home"})->parsed.text("host") == "home");
  CHECK(parse_with_file(file, {}, {"MQZ_PROFILE=work"})->parsed.text("host") == "work");
  CHECK(parse_with_file(file, {"--profile", "work"})->parsed.text("qos") == "1");
  CHECK(complaint_of(parse_with_file(file, {"--profile", "wrok"})) ==
        "78 FILE: no profile 'wrok' / did you mean 'work'?");
}

TEST_CASE("a file gives lists, numbers and truths", "[commands]") {
  const auto outcome = parse_with_file(
      "keepalive = 5\n[send]\ntopic = ['a', 'b']\nretain = true\nmax-size = '10M'\ntimeout = "
      "1.5\n");
  REQUIRE(outcome);
  CHECK(outcome->parsed.texts("topic") == Words{"a", "b"});
  CHECK(outcome->parsed.flag("retain"));
  CHECK(outcome->parsed.duration("keepalive") == mqz::Millis(5000));
  CHECK(outcome->parsed.duration("timeout") == mqz::Millis(1500));
  CHECK(outcome->parsed.size("max-size") == 10U << 20U);
}

TEST_CASE("mistakes in a file are named with their line and a suggestion", "[commands]") {
  CHECK(complaint_of(parse_with_file("hots = 'x'")) ==
        "78 FILE:1: unknown key 'hots' / did you mean 'host'?");
  CHECK(complaint_of(parse_with_file("\n[send]\nqso = 1")) ==
        "78 FILE:3: unknown key 'send.qso' / did you mean 'qos'?");
  CHECK(complaint_of(parse_with_file("[sned]\nqos = 1")) ==
        "78 FILE:1: unknown section 'sned' / did you mean 'send'?");
  CHECK(complaint_of(parse_with_file("qos = 1")) == "78 FILE:1: unknown key 'qos' / ");
  CHECK(complaint_of(parse_with_file("[hold]\ntopic = 'a'")) ==
        "78 FILE:2: unknown key 'hold.topic' / ");
  CHECK(complaint_of(parse_with_file("[send]\nqos = 7")) ==
        "78 FILE:2: qos: '7' is not one of 0, 1, 2 / ");
  CHECK(complaint_of(parse_with_file("host = ['a']")) == "78 FILE:1: host takes one value / ");
  CHECK(complaint_of(parse_with_file("host = ")).starts_with("78 FILE:1: "));
  CHECK(complaint_of(parse_send({"--config", "/nowhere/x"})) ==
        "66 cannot read --config /nowhere/x: No such file or directory / ");
}

TEST_CASE("a bad value is refused with the flag, the value and what would do", "[commands]") {
  CHECK(complaint_of(parse_send({"-q", "7"})) == "2 --qos: '7' is not one of 0, 1, 2 / ");
  CHECK(complaint_of(parse_send({"-p", "70000"})) ==
        "2 --port: '70000' is not a whole number from 1 to 65535 / ");
  CHECK(complaint_of(parse_send({"-C", "0x1"})) ==
        "2 --count: '0x1' is not a whole number from 1 to 1000 / ");
  CHECK(complaint_of(parse_send({"--timeout=soon"}))
            .starts_with("2 --timeout: 'soon' is not a duration"));
  CHECK(complaint_of(parse_send({"--max-size", "-1"}))
            .starts_with("2 --max-size: '-1' is not a size"));
  CHECK(complaint_of(parse_send({"--retain=perhaps"})) ==
        "2 --retain: 'perhaps' is neither true nor false / ");
  CHECK(complaint_of(parse_send({}, {"MQZ_PORT=many"})) ==
        "2 MQZ_PORT: 'many' is not a whole number from 1 to 65535 / ");
}

TEST_CASE("a value that a greater source hides is not looked at", "[commands]") {
  CHECK(parse_send({"-p", "1"}, {"MQZ_PORT=many"}));
}

TEST_CASE("a mistyped flag gets a suggestion and shows no value", "[commands]") {
  CHECK(complaint_of(parse_send({"--topik", "x"})) ==
        "2 unknown flag '--topik' / did you mean '--topic'?");
  CHECK(complaint_of(parse_send({"--pasword=secret"})) ==
        "2 unknown flag '--pasword' / did you mean '--password'?");
  CHECK(complaint_of(parse_send({"-Zsecret"})) == "2 unknown flag '-Z' / see mqz send --help");
  CHECK(complaint_of(parse_send({"stray"})) == "2 unexpected word 'stray' / usage: mqz send ");
}

TEST_CASE("a flag at the end without its value is named", "[commands]") {
  CHECK(complaint_of(parse_send({"-t"})) == "2 -t needs a value: TOPIC / see mqz send --help");
  CHECK(complaint_of(parse_send({"-m", "x", "--topic"})) ==
        "2 --topic needs a value: TOPIC / see mqz send --help");
}

TEST_CASE("a lone -h is the host that is missing, with a pointer to --help", "[commands]") {
  const std::string said = complaint_of(parse_send({"-t", "a", "-h"}));
  CHECK(said.starts_with("2 -h needs a HOST[:PORT]\nusage: mqz send"));
  CHECK(said.ends_with("did you mean --help?"));
  CHECK(parse(hold_command, "hold", commands_in_order, {"-h"}, {})->parsed.flag("help"));
}

TEST_CASE("words after two dashes belong to the command that is run", "[commands]") {
  const auto outcome = parse(hold_command, "hold", commands_in_order,
                             {"name", "--quiet", "--", "ls", "-l", "--", "x"}, {});
  REQUIRE(outcome);
  CHECK(outcome->parsed.operands() == Words{"name"});
  CHECK(outcome->parsed.words() == Words{"ls", "-l", "--", "x"});
  CHECK(outcome->parsed.flag("quiet"));
  CHECK(complaint_of(parse(hold_command, "hold", commands_in_order, {"--", "ls"}, {})) ==
        "2 NAME is missing / see mqz hold --help");
}

TEST_CASE("variables that nothing reads are told, others' are not", "[commands]") {
  const auto outcome = parse_send({}, {"MQZ_HOTS=x", "MQZ_LEASE_NAME=x", "MQZ_FENCE=1", "PATH=/bin",
                                       "MQZ_HOLD_COLOR=x", "MQZ_COLOR=never", "MQZ_HOST="});
  REQUIRE(outcome);
  CHECK(outcome->notes == Words{"nothing reads the variable MQZ_HOTS; did you mean 'MQZ_HOST'?",
                                "nothing reads the variable MQZ_HOLD_COLOR"});
  CHECK(outcome->parsed.source("host") == Source::fallback);
}

TEST_CASE("what Kubernetes injects for a Service called mqz is no setting", "[commands]") {
  const auto outcome =
      parse_send({}, {"MQZ_PORT=tcp://10.0.0.1:1883", "MQZ_SERVICE_HOST=10.0.0.1",
                      "MQZ_SERVICE_PORT=1883", "MQZ_SERVICE_PORT_MQTT=1883",
                      "MQZ_PORT_1883_TCP=tcp://10.0.0.1:1883", "MQZ_PORT_1883_TCP_PROTO=tcp",
                      "MQZ_PORT_1883_TCP_PORT=1883", "MQZ_PORT_1883_TCP_ADDR=10.0.0.1"});
  REQUIRE(outcome);
  CHECK(outcome->notes.size() == 1);
  CHECK(outcome->notes[0].starts_with("ignoring MQZ_PORT=tcp://10.0.0.1:1883"));
  CHECK_FALSE(outcome->parsed.has("port"));
}
