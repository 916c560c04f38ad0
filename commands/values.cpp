#include "commands/values.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "commands/suggest.h"

namespace mqz::commands {

namespace {

// A decimal number without sign or exponent, and what follows it.
struct Measured {
  double number = 0;
  std::string_view unit{};
};

std::optional<Measured> measure(std::string_view text) {
  const auto end = std::min(text.find_first_not_of("0123456789."), text.size());
  Measured result{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + end, result.number);
  if (end == 0 || error != std::errc{} || stop != text.data() + end) return std::nullopt;
  result.unit = text.substr(end);
  return result;
}

template <std::size_t n>
std::optional<double> scaled(std::string_view text,
                             const std::array<std::pair<std::string_view, double>, n>& units) {
  const auto measured = measure(text);
  if (!measured) return std::nullopt;
  for (const auto& [unit, factor] : units) {
    if (unit == measured->unit) return measured->number * factor;
  }
  return std::nullopt;
}

constexpr double day_ms = 86'400'000;
constexpr std::array<std::pair<std::string_view, double>, 6> duration_units{
    {{"", 1'000}, {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", day_ms}}};

constexpr double kibi = 1024;
constexpr std::array<std::pair<std::string_view, double>, 14> size_units{
    {{"", 1},
     {"B", 1},
     {"K", kibi},
     {"KiB", kibi},
     {"M", kibi* kibi},
     {"MiB", kibi* kibi},
     {"G", kibi* kibi* kibi},
     {"GiB", kibi* kibi* kibi},
     {"T", kibi* kibi* kibi* kibi},
     {"TiB", kibi* kibi* kibi* kibi},
     {"kB", 1e3},
     {"MB", 1e6},
     {"GB", 1e9},
     {"TB", 1e12}}};

std::string choice_complaint(const Option& option, std::string_view text) {
  std::vector<std::string_view> all;
  for_each_part(option.choices, '|', [&](std::string_view choice) { all.push_back(choice); });
  std::string list;
  for (const std::string_view choice : all) {
    if (!list.empty()) list += ", ";
    list += choice;
  }
  const std::string meant = did_you_mean(text, all);
  return fmt::format("'{}' is not one of {}{}{}", text, list, meant.empty() ? "" : "; ", meant);
}

bool is_choice(const Option& option, std::string_view text) {
  bool known = false;
  for_each_part(option.choices, '|',
                [&](std::string_view choice) { known = known || choice == text; });
  return known;
}

std::optional<std::string> integer_complaint(const Option& option, std::string_view text) {
  const auto number = parse_integer(text);
  if (number && *number >= option.min && *number <= option.max) return std::nullopt;
  if (option.max == std::numeric_limits<std::int64_t>::max()) {
    return fmt::format("'{}' is not a whole number of at least {}", text, option.min);
  }
  return fmt::format("'{}' is not a whole number from {} to {}", text, option.min, option.max);
}

// Nobody waits longer, unless the row says so.
constexpr std::int64_t wait_max_s = 86'400'000;  // 1000 days

std::optional<std::string> duration_complaint(const Option& option, std::string_view text) {
  const auto time = parse_duration(text);
  if (!scaled(text, duration_units)) {
    return fmt::format("'{}' is not a duration (500ms, 5s, 2m, 1h; a bare number is seconds)",
                       text);
  }
  const bool is_open = option.max == std::numeric_limits<std::int64_t>::max();
  const std::int64_t most = is_open ? wait_max_s : option.max;
  if (time && *time >= std::chrono::seconds(option.min) && *time <= std::chrono::seconds(most))
    return std::nullopt;
  return fmt::format("'{}' is not a duration from {} to {} seconds", text, option.min, most);
}

std::optional<std::string> size_complaint(const Option& option, std::string_view text) {
  const auto bytes = parse_size(text);
  if (!bytes) return fmt::format("'{}' is not a size (4096, 64K, 10M, 1G)", text);
  const auto least = static_cast<std::uint64_t>(option.min);
  const auto most = static_cast<std::uint64_t>(option.max);
  if (*bytes >= least && *bytes <= most) return std::nullopt;
  return fmt::format("'{}' is not a size from {} to {} bytes", text, least, most);
}

std::optional<std::string> property_complaint(std::string_view text) {
  std::vector<std::string_view> words;
  for_each_part(text, word_separator, [&](std::string_view word) { words.push_back(word); });
  const std::size_t wanted = words.size() > 1 && words[1] == "user-property" ? 4 : 3;
  // An empty last word leaves no part behind.
  const std::size_t count = words.size() + (!text.empty() && text.back() == word_separator ? 1 : 0);
  if (count == wanted) return std::nullopt;
  return wanted == 4 ? "user-property needs COMMAND user-property KEY VALUE"
                     : "a property needs COMMAND NAME VALUE";
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || stop != text.data() + text.size())
    return std::nullopt;
  return number;
}

std::optional<bool> parse_bool(std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "on", "1"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

std::optional<Millis> parse_duration(std::string_view text) {
  const auto millis = scaled(text, duration_units);
  if (!millis || *millis > 100'000 * day_ms) return std::nullopt;
  return Millis(std::llround(*millis));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto bytes = scaled(text, size_units);
  if (!bytes || *bytes > 9e15) return std::nullopt;  // beyond, a double no longer counts bytes
  return static_cast<std::uint64_t>(*bytes);
}

std::optional<std::string> complaint(const Option& option, std::string_view text) {
  if (option.later) return fmt::format("{} comes with a later part of mqz", option.doc);
  switch (option.type) {
    case ValueType::flag:
      if (parse_bool(text)) return std::nullopt;
      return fmt::format("'{}' is neither true nor false", text);
    case ValueType::integer: return integer_complaint(option, text);
    case ValueType::duration: return duration_complaint(option, text);
    case ValueType::size: return size_complaint(option, text);
    case ValueType::choice:
      if (is_choice(option, text)) return std::nullopt;
      return choice_complaint(option, text);
    case ValueType::file:
      if (!text.empty()) return std::nullopt;
      return "an empty text is not a file name";
    case ValueType::url:
      if (!text.empty()) return std::nullopt;
      return "an empty text is not a URL";
    case ValueType::property: return property_complaint(text);
    case ValueType::text: return std::nullopt;
  }
  return std::nullopt;
}

Stretch password_in(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  const std::size_t begin = scheme + 3;
  const std::string_view authority = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  const auto at = authority.rfind('@');
  const auto colon = authority.find(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || colon > at) return {};
  return {begin + colon + 1, at - colon - 1};
}

std::string redacted(const Option& option, std::string_view text) {
  if (option.secret) return "...";
  std::string shown(text);
  std::replace(shown.begin(), shown.end(), word_separator, ' ');
  const Stretch hole = option.type == ValueType::url ? password_in(text) : Stretch{};
  if (hole.size > 0) shown.replace(hole.begin, hole.size, "...");
  return shown;
}

}  // namespace mqz::commands
