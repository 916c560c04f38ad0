#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "tests/unit/mqtt/bytes.h"
#include "tests/unit/mqtt/describe.h"
#include "tests/unit/mqtt/samples.h"

namespace mqz::mqtt {

namespace {

using testing::all_samples;
using testing::Sample;
using testing::Seen;

Frame frame_of(const Sample& sample) { return next_frame(as_bytes(sample.bytes)).frame; }

bool may_end(const Sample& sample, std::size_t size) {
  return std::find(sample.ends.begin(), sample.ends.end(), size) != sample.ends.end();
}

// A subscription without entries is parsed and then refused; all other cuts cannot be parsed.
bool is_refusal_of_cut(const Sample& sample, Reason reason) {
  if (reason == Reason::malformed_packet) return true;
  const bool has_entries =
      sample.type == PacketType::subscribe || sample.type == PacketType::unsubscribe;
  return has_entries && reason == Reason::protocol_error;
}

// Types whose last field says itself how long it is, so that nothing may stand behind it.
bool is_closed(const Sample& sample) {
  switch (sample.type) {
    case PacketType::connect:
    case PacketType::connack: return true;
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp: return sample.version != Version::v5 || sample.bytes.size() > 5;
    case PacketType::disconnect:
    case PacketType::auth: return sample.version != Version::v5 || sample.bytes.size() > 3;
    case PacketType::unsuback: return sample.version != Version::v5;
    case PacketType::publish:
    case PacketType::subscribe:
    case PacketType::suback:
    case PacketType::unsubscribe:
    case PacketType::pingreq:
    case PacketType::pingresp: return false;
  }
  return false;
}

}  // namespace

TEST_CASE("the samples hold every type, version and property", "[mqtt][roundtrip]") {
  std::set<std::pair<PacketType, Version>> kinds;
  for (const Sample& sample : all_samples()) kinds.emplace(sample.type, sample.version);
  CHECK(kinds.size() == 12 * 3 + 1);  // all but the pings, and AUTH once
  CHECK(all_samples().size() > 2'000);
}

TEST_CASE("every packet decodes to what was encoded and encodes to the same bytes",
          "[mqtt][roundtrip]") {
  for (const Sample& sample : all_samples()) {
    const FrameResult cut = next_frame(as_bytes(sample.bytes));
    INFO(sample.text);
    REQUIRE(cut.status == FrameStatus::complete);
    REQUIRE(cut.frame.bytes == sample.bytes.size());
    REQUIRE(cut.frame.type == sample.type);
    const Decoded<Seen> seen = testing::see(cut.frame, sample.version);
    REQUIRE(testing::reason_of(seen) == Reason::success);
    REQUIRE(seen->text == sample.text);
    REQUIRE(seen->bytes == sample.bytes);
  }
}

TEST_CASE("the beginning of a packet is incomplete at every byte", "[mqtt][roundtrip]") {
  for (const Sample& sample : all_samples()) {
    for (std::size_t size = 0; size < sample.bytes.size(); ++size) {
      const auto cut = next_frame(as_bytes(sample.bytes).first(size));
      const bool says_size = cut.bytes_needed == 0 || cut.bytes_needed == sample.bytes.size();
      if (cut.status != FrameStatus::incomplete || !says_size) {
        FAIL_CHECK(size << " bytes of " << sample.text);
      }
    }
  }
}

TEST_CASE("a body that ends too early is malformed, wherever it ends", "[mqtt][roundtrip]") {
  for (const Sample& sample : all_samples()) {
    Frame frame = frame_of(sample);
    const Bytes body = frame.body;
    for (std::size_t size = 0; size < body.size(); ++size) {
      // A copy of exactly that size lets AddressSanitizer see reads behind its end.
      const std::string part(as_text(body.first(size)));
      frame.body = as_bytes(part);
      const Decoded<Seen> seen = testing::see(frame, sample.version);
      const bool right = may_end(sample, size) ? seen.has_value() && seen->text != sample.text
                                               : !seen && is_refusal_of_cut(sample, seen.error());
      if (!right) FAIL_CHECK(size << " bytes of the body of " << sample.text);
    }
  }
}

TEST_CASE("bytes behind the last field are malformed", "[mqtt][roundtrip]") {
  for (const Sample& sample : all_samples()) {
    if (!is_closed(sample)) continue;
    Frame frame = frame_of(sample);
    const std::string longer = std::string(as_text(frame.body)) + '\x00';
    frame.body = as_bytes(longer);
    const Decoded<Seen> seen = testing::see(frame, sample.version);
    if (testing::reason_of(seen) != Reason::malformed_packet) FAIL_CHECK(sample.text);
  }
}

TEST_CASE("what any changed byte makes of a packet is refused or survives a round trip",
          "[mqtt][roundtrip]") {
  for (const Sample& sample : all_samples()) {
    if (sample.bytes.size() > 40) continue;
    std::string changed = sample.bytes;
    for (std::size_t at = 0; at < changed.size(); ++at) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        const char before = changed[at];
        changed[at] = static_cast<char>(static_cast<unsigned char>(before) ^ (1U << bit));
        const FrameResult cut = next_frame(as_bytes(changed));
        if (cut.status == FrameStatus::complete) {
          const Decoded<Seen> seen = testing::see(cut.frame, sample.version);
          if (seen) {
            const Frame again = next_frame(as_bytes(seen->bytes)).frame;
            const Decoded<Seen> twice = testing::see(again, sample.version);
            if (!twice || twice->text != seen->text || seen->bytes.size() > cut.frame.bytes) {
              FAIL_CHECK(testing::hex(changed));
            }
          }
        }
        changed[at] = before;
      }
    }
  }
}

TEST_CASE("texts and payloads of the largest size survive", "[mqtt][roundtrip]") {
  const std::string text(65'535, 'x');
  const std::string large(2'200'000, 'p');
  std::string entries;
  append_entry(entries, SubscribeEntry{text, {}});
  std::string reasons(70'000, '\x00');
  PropertyWriter writer;
  for (int i = 0; i < 2; ++i) writer.pair(text, text);
  for (const Version version : testing::versions) {
    const PropertyView block = version == Version::v5 ? writer.view() : PropertyView{};
    const Connect connect{
        version, true,           1,     text, Will{text, as_bytes(text), {}, {}, {}},
        text,    as_bytes(text), block, false};
    const Publish publish{false, Qos::at_least_once, false, text, 1, block, as_bytes(large)};
    for (const Seen& whole :
         {testing::see(connect), testing::see(publish, version),
          testing::see(Subscribe{1, block, as_bytes(entries)}, version),
          testing::see(SubscribeAck{PacketType::suback, 1, block, as_bytes(reasons)}, version)}) {
      const FrameResult cut = next_frame(as_bytes(whole.bytes));
      REQUIRE(cut.status == FrameStatus::complete);
      const Decoded<Seen> seen = testing::see(cut.frame, version);
      REQUIRE(seen);
      CHECK((seen->text == whole.text && seen->bytes == whole.bytes));
    }
  }
}

}  // namespace mqz::mqtt
