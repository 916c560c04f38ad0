// Values as people write them. Pure, independent of the locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "commands/options.h"
#include "lib/base/time.h"

namespace mqz::commands {

std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<bool> parse_bool(std::string_view text);  // true/false, yes/no, on/off, 1/0
// "500ms", "5s", "1.5m", "2h", "1d"; a bare number is seconds. Not negative, at most 100 000 days
// (MQTT's longest expiry is half of that).
std::optional<Millis> parse_duration(std::string_view text);
// "64", "64K"/"64KiB" (1024), "64kB" (1000); up to T.
std::optional<std::uint64_t> parse_size(std::string_view text);

// Why `text` is no value of this option ("'7' is not one of 0, 1, 2"), or nothing when it is one.
std::optional<std::string> complaint(const Option& option, std::string_view text);

// The text without what nobody may see: a secret, or the password in a URL.
std::string redacted(const Option& option, std::string_view text);

// Where in a URL its password stands: offset and size; size 0 when it has none.
struct Stretch {
  std::size_t begin = 0;
  std::size_t size = 0;
};
Stretch password_in(std::string_view url);

// A property's words travel as one text, joined by this.
inline constexpr char word_separator = '\x1f';

}  // namespace mqz::commands
