// Input: a byte that chooses the version, then a stream of packets. What decodes must encode to a
// packet that is no longer, decodes again and says the same.
#include "tests/fuzz/fuzz.h"
#include "tests/unit/mqtt/describe.h"

namespace {

using namespace mqz;
using namespace mqz::mqtt;

constexpr Version versions[] = {Version::v31, Version::v311, Version::v5};

void check_frame(const Frame& frame, Version version) {
  if (frame.type == PacketType::connect) connect_version(frame);
  const Decoded<testing::Seen> once = testing::see(frame, version);
  if (!once) {
    MQZ_CHECK(is_failure(once.error()));
    return;
  }
  MQZ_CHECK(once->bytes.size() <= frame.bytes);
  const FrameResult cut = next_frame(as_bytes(once->bytes));
  MQZ_CHECK(cut.status == FrameStatus::complete);
  MQZ_CHECK(cut.frame.bytes == once->bytes.size());
  const Decoded<testing::Seen> twice = testing::see(cut.frame, version);
  MQZ_CHECK(twice.has_value());
  MQZ_CHECK(twice->text == once->text);
  MQZ_CHECK(twice->bytes == once->bytes);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Version version = versions[data[0] % 3];
  Bytes rest = as_bytes(mqz::fuzz::text_of(data + 1, size - 1));
  FrameResult cut = next_frame(rest);
  while (cut.status == FrameStatus::complete) {
    check_frame(cut.frame, version);
    rest = rest.subspan(cut.frame.bytes);
    cut = next_frame(rest);
  }
  return 0;
}
