// Input: a format, a newline, a payload. A format that is taken can be applied to any message, with
// an output that the format bounds.
#include <algorithm>
#include <string>

#include "commands/message_format.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mqz;
  const std::string_view input = fuzz::text_of(data, size);
  const std::size_t newline = std::min(input.find('\n'), size);
  const auto format = commands::MessageFormat::parse(input.substr(0, newline), size % 2 == 0);
  if (!format) {
    MQZ_CHECK(!format.error().empty());
    return 0;
  }
  const mqtt::Publish message{.topic = "a/b",
                              .payload = as_bytes(input.substr(std::min(newline + 1, size)))};
  std::string to = "before";
  const bool whole = format->append(to, {message, {1'700'000'000, 5}});
  MQZ_CHECK(to.starts_with("before") && (whole || to == "before"));
  return 0;
}
