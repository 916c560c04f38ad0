// Input: a filter, a newline, a topic. The matcher and the rules of validity agree with the ones
// that go level by level.
#include "lib/mqtt/topic.h"

#include <algorithm>
#include <string>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/mqtt/topic_levels.h"

namespace {

using namespace mqz::mqtt;

void check_filter(const std::string& filter) {
  const bool is_valid = is_valid_filter(filter);
  if (is_shared(filter)) {
    MQZ_CHECK(is_valid == parse_shared(filter).has_value());
    return;
  }
  MQZ_CHECK(is_valid ==
            (!filter.empty() && is_valid_utf8(filter) && testing::is_filter_by_levels(filter)));
}

void check_topic(const std::string& topic) {
  MQZ_CHECK(is_valid_topic(topic) ==
            (!topic.empty() && is_valid_utf8(topic) && !has_wildcard(topic)));
  MQZ_CHECK(level_count(topic) == testing::levels_of(topic).size());
  if (is_valid_topic(topic)) MQZ_CHECK(is_shared(topic) || matches(topic, topic));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = mqz::fuzz::text_of(data, size);
  const std::size_t newline = std::min(input.find('\n'), size);
  const std::string filter(input.substr(0, newline));
  const std::string topic(input.substr(std::min(newline + 1, size)));
  check_filter(filter);
  check_topic(topic);
  if (is_shared(filter) || !is_valid_filter(filter) || !is_valid_topic(topic)) return 0;
  MQZ_CHECK(matches(filter, topic) == testing::matches_by_levels(filter, topic));
  return 0;
}
