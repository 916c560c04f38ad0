// Topic names and topic filters (4.7, 4.8.2): what is valid, and which name a filter matches.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace mqz::mqtt {

// Well-formed UTF-8 as MQTT wants it (1.5.4): no surrogates, no overlong forms, no U+0000, at most
// U+10FFFF.
bool is_valid_utf8(std::string_view text);

// A topic name: 1 to 65 535 bytes, valid text, no + and no #.
bool is_valid_topic(std::string_view topic);

// A topic filter: 1 to 65 535 bytes, valid text; + alone in its level, # alone in the last level.
// A filter that begins "$share/" must parse as a shared one (parse_shared).
bool is_valid_filter(std::string_view filter);

bool has_wildcard(std::string_view filter);

// The number of levels: separators + 1.
std::size_t level_count(std::string_view topic);

struct SharedFilter {
  std::string_view group{};   // the ShareName: not empty, without / + #
  std::string_view filter{};  // what follows it; a valid filter
};

bool is_shared(std::string_view filter);  // begins "$share/"
std::optional<SharedFilter> parse_shared(std::string_view filter);

// Does the filter match the topic? Both valid, the filter not in its $share form. A wildcard in the
// first level does not match a topic that begins with $ [MQTT-4.7.2-1].
bool matches(std::string_view filter, std::string_view topic);

}  // namespace mqz::mqtt
