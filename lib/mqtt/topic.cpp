#include "lib/mqtt/topic.h"

#include <algorithm>

#include "lib/mqtt/text.h"

namespace mqz::mqtt {

namespace {

constexpr std::size_t text_bytes_max = 65'535;
constexpr std::string_view share_prefix = "$share/";

bool has_valid_size(std::string_view text) {
  return !text.empty() && text.size() <= text_bytes_max;
}

bool begins_level(std::string_view filter, std::size_t at) {
  return at == 0 || filter[at - 1] == '/';
}

bool ends_level(std::string_view filter, std::size_t at) {
  return at + 1 == filter.size() || filter[at + 1] == '/';
}

bool has_wildcards_in_place(std::string_view filter) {
  for (std::size_t at = filter.find_first_of("+#"); at != std::string_view::npos;
       at = filter.find_first_of("+#", at + 1)) {
    if (!begins_level(filter, at) || !ends_level(filter, at)) return false;
    if (filter[at] == '#' && at + 1 != filter.size()) return false;
  }
  return true;
}

}  // namespace

bool is_valid_topic(std::string_view topic) {
  if (!has_valid_size(topic)) return false;
  return is_plain_topic(topic) || (is_valid_utf8(topic) && !has_wildcard(topic));
}

bool is_valid_filter(std::string_view filter) {
  if (is_shared(filter)) return filter.size() <= text_bytes_max && parse_shared(filter).has_value();
  return has_valid_size(filter) && is_valid_utf8(filter) && has_wildcards_in_place(filter);
}

bool has_wildcard(std::string_view filter) {
  return filter.find_first_of("+#") != std::string_view::npos;
}

std::size_t level_count(std::string_view topic) {
  return static_cast<std::size_t>(std::count(topic.begin(), topic.end(), '/')) + 1;
}

bool is_shared(std::string_view filter) { return filter.starts_with(share_prefix); }

std::optional<SharedFilter> parse_shared(std::string_view filter) {
  if (!is_shared(filter)) return std::nullopt;
  filter.remove_prefix(share_prefix.size());
  const std::size_t slash = filter.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const SharedFilter shared{filter.substr(0, slash), filter.substr(slash + 1)};
  if (!is_valid_topic(shared.group) || is_shared(shared.filter)) return std::nullopt;
  if (!is_valid_filter(shared.filter)) return std::nullopt;
  return shared;
}

bool matches(std::string_view filter, std::string_view topic) {
  if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) return false;
  std::size_t t = 0;
  for (std::size_t f = 0; f < filter.size(); ++f) {
    if (filter[f] == '#') return true;
    if (filter[f] == '+') {
      while (t < topic.size() && topic[t] != '/') ++t;
    } else if (t < topic.size() && topic[t] == filter[f]) {
      ++t;
    } else {
      // "sport/#" also matches its parent "sport" (4.7.1.2).
      return t == topic.size() && filter.substr(f) == "/#";
    }
  }
  return t == topic.size();
}

}  // namespace mqz::mqtt
