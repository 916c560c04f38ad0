// Input: a record's type, its version, and its body. What reads is written again as it is read.
#include <vector>

#include "lib/broker/record_codec.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mqz::broker;
  if (size < 2) return 0;
  const mqz::Now now{mqz::MonoTime(mqz::Millis(1000)), mqz::WallTime(mqz::Millis(2000))};
  const mqz::Bytes body = mqz::as_bytes(mqz::fuzz::text_of(data, size)).subspan(2);
  const auto record = decode(data[0], data[1], body, now);
  if (!record) return 0;
  std::vector<std::byte> once(encoded_size(*record, now));
  encode(*record, now, once.data());
  const auto again = decode(data[0], data[1], once, now);
  MQZ_CHECK(again.has_value());
  std::vector<std::byte> twice(encoded_size(*again, now));
  encode(*again, now, twice.data());
  MQZ_CHECK(once == twice);
  return 0;
}
