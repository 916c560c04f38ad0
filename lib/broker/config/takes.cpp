#include "lib/broker/config/takes.h"

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <utility>

namespace mqz::broker {

namespace {

constexpr std::size_t prefix_bytes_max = 50;
constexpr std::string_view blanks = " \t";

// Takes the first word off.
std::string_view next_value(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
  const std::string_view value = rest.substr(0, rest.find_first_of(blanks));
  rest.remove_prefix(value.size());
  return value.starts_with('#') ? std::string_view{} : value;
}

std::string check_prefix(std::string_view value) {
  return value.size() <= prefix_bytes_max
             ? std::string{}
             : fmt::format("is longer than {} bytes", prefix_bytes_max);
}

}  // namespace

Result<std::string_view> single_value(std::string_view value) {
  const std::string_view first = next_value(value);
  const std::string_view second = next_value(value);
  if (first.empty()) return fail(ErrorCode::invalid, "has no value");
  if (!second.empty())
    return fail(ErrorCode::invalid, fmt::format("takes one value, and '{}' follows", second));
  return first;
}

Result<bool> read_flag(std::string_view value) {
  const auto single = single_value(value);
  if (!single) return tl::unexpected(single.error());
  if (*single == "true" || *single == "1") return true;
  if (*single == "false" || *single == "0") return false;
  return fail(ErrorCode::invalid, fmt::format("is true or false, not '{}'", *single));
}

Result<std::int64_t> read_number(const Word& word, std::string_view value) {
  const auto single = single_value(value);
  if (!single) return tl::unexpected(single.error());
  const std::string text(*single);
  char* end = nullptr;
  errno = 0;
  const std::int64_t number = std::strtoll(text.c_str(), &end, 0);
  if (*end != '\0')
    return fail(ErrorCode::invalid, fmt::format("is a whole number, not '{}'", text));
  if (errno == ERANGE || number < word.least || number > word.most) {
    return fail(ErrorCode::invalid,
                word.most == std::numeric_limits<std::int64_t>::max()
                    ? fmt::format("is at least {}, not {}", word.least, text)
                    : fmt::format("is from {} to {}, not {}", word.least, word.most, text));
  }
  return number;
}

std::string take_listener(Draft& draft, const Word&, std::string_view value) {
  const std::string_view port_text = next_value(value);
  const std::string_view where = next_value(value);
  if (port_text.empty()) return "needs a port";
  const Word port_word{.name = "listener", .least = 0, .most = 65'535};
  const auto port = read_number(port_word, port_text);
  if (!port) return "port " + port.error().text;
  if (*port == 0 && where.empty()) return "with port 0 needs the path of a Unix socket";
  if (const std::string_view more = next_value(value); !more.empty()) {
    return fmt::format("takes a port and an address, and '{}' follows", more);
  }
  ListenerDraft& added = draft.listeners.emplace_back();
  added.listener.port = static_cast<std::uint16_t>(*port);
  (*port == 0 ? added.listener.unix_path : added.listener.address) = std::string(where);
  added.listener.from = draft.place.text();
  draft.section = draft.listeners.size() - 1;
  return {};
}

std::string take_port(Draft& draft, const Word& word, std::string_view value) {
  const auto port = read_number(word, value);
  if (!port) return port.error().text;
  draft.unnamed.listener.port = static_cast<std::uint16_t>(*port);
  draft.unnamed.listener.from = draft.place.text();
  draft.unnamed_is_open = true;
  draft.section = Draft::no_section;
  return {};
}

std::string take_bind_address(Draft& draft, const Word&, std::string_view value) {
  draft.unnamed.listener.address = std::string(value);
  if (draft.unnamed.listener.from.empty()) draft.unnamed.listener.from = draft.place.text();
  draft.unnamed_is_open = true;
  draft.section = Draft::no_section;
  return {};
}

std::string take_listener_allow_anonymous(Draft& draft, const Word&, std::string_view value) {
  const auto flag = read_flag(value);
  if (!flag) return flag.error().text;
  draft.open_listener().security.allow_anonymous = *flag;
  return {};
}

std::string take_listener_auto_id_prefix(Draft& draft, const Word&, std::string_view value) {
  draft.open_listener().security.client_id_prefix = std::string(value);
  return check_prefix(value);
}

std::string take_auto_id_prefix(Draft& draft, const Word&, std::string_view value) {
  draft.open_security().client_id_prefix = std::string(value);
  return check_prefix(value);
}

std::string take_per_listener_settings(Draft& draft, const Word& word, std::string_view value) {
  const Security& early = draft.security;
  const bool is_late =
      early.allow_anonymous || early.allow_empty_client_id || early.client_id_prefix;
  const std::string wrong = take_flag<&Config::per_listener_settings>(draft, word, value);
  if (wrong.empty() && is_late && draft.config.per_listener_settings) {
    return "true must stand before the words that it makes a listener's own";
  }
  return wrong;
}

std::string take_store_recovery(Draft& draft, const Word&, std::string_view value) {
  const auto single = single_value(value);
  if (!single) return single.error().text;
  if (*single != "strict" && *single != "salvage")
    return fmt::format("is strict or salvage, not '{}'", *single);
  draft.config.salvages_store = *single == "salvage";
  return {};
}

std::string take_protocol(Draft&, const Word&, std::string_view value) {
  const auto single = single_value(value);
  if (!single) return single.error().text;
  if (*single == "mqtt") return {};
  if (*single == "websockets" || *single == "http_api")
    return fmt::format("{} comes with a later part", *single);
  return fmt::format("is mqtt, not '{}'", *single);
}

std::string take_log_type(Draft& draft, const Word&, std::string_view value) {
  static constexpr std::array<std::pair<std::string_view, LogType>, 9> types = {{
      {"error", LogType::error},
      {"warning", LogType::warning},
      {"notice", LogType::notice},
      {"information", LogType::information},
      {"debug", LogType::debug},
      {"subscribe", LogType::subscribe},
      {"unsubscribe", LogType::unsubscribe},
      {"websockets", LogType::websockets},
      {"internal", LogType::internal},
  }};
  const auto single = single_value(value);
  if (!single) return single.error().text;
  Log& log = draft.config.log;
  if (!std::exchange(draft.log_types_given, true)) log.types = 0;
  if (*single == "none") {
    log.types = 0;
    return {};
  }
  bool is_known = *single == "all";
  for (const auto& [name, type] : types) {
    if (*single != name && *single != "all") continue;
    log.types = static_cast<std::uint16_t>(log.types | static_cast<std::uint16_t>(type));
    is_known = true;
  }
  return is_known ? std::string{} : fmt::format("has no type '{}'", *single);
}

std::string take_log_dest(Draft& draft, const Word&, std::string_view value) {
  const std::string_view where = next_value(value);
  Log& log = draft.config.log;
  if (!std::exchange(draft.log_places_given, true)) log.to_stderr = false;
  if (where == "stderr") {
    log.to_stderr = true;
  } else if (where == "stdout") {
    log.to_stdout = true;
  } else if (where == "syslog") {
    log.to_syslog = true;
  } else if (where == "topic") {
    log.to_topic = true;
  } else if (where == "file") {
    value.remove_prefix(std::min(value.find_first_not_of(blanks), value.size()));
    if (value.empty()) return "file needs a path";
    if (!log.file.empty()) return "file is given twice";
    log.file = std::string(value);
  } else if (where == "none") {
    log.to_stderr = log.to_stdout = log.to_syslog = log.to_topic = false;
    log.file.clear();
  } else {
    return where.empty()
               ? "has no value"
               : fmt::format("is stdout, stderr, syslog, topic, file or none, not '{}'", where);
  }
  return {};
}

std::string take_expiration(Draft& draft, const Word&, std::string_view value) {
  static constexpr std::array<std::pair<char, std::int64_t>, 6> units = {
      {{'s', 1}, {'h', 3'600}, {'d', 86'400}, {'w', 604'800}, {'m', 2'592'000}, {'y', 31'536'000}}};
  const auto single = single_value(value);
  if (!single) return single.error().text;
  const Word count_word{.name = "persistent_client_expiration", .least = 1, .most = 2'147'483'647};
  const auto count = read_number(count_word, single->substr(0, single->size() - 1));
  for (const auto& [letter, seconds] : units) {
    if (!count || single->back() != letter) continue;
    const auto longest = static_cast<std::int64_t>(UINT32_MAX) - 1;
    draft.config.settings.session_expiry_max_s =
        static_cast<std::uint32_t>(std::min(*count * seconds, longest));
    return {};
  }
  return fmt::format("is a number and one of s h d w m y, as in 14d, not '{}'", *single);
}

std::string take_user(Draft& draft, const Word& word, std::string_view value) {
  draft.notes.push_back({Severity::note, draft.place,
                         "user: the broker stays the user that started it",
                         "start it as the user it should be"});
  return take_text<&Config::user>(draft, word, value);
}

}  // namespace mqz::broker
