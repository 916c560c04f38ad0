// Input: an entry's kind, its version, the length of its key, the key, and its value. What reads is
// written again as it is read.
#include "lib/broker/snapshot_codec.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace mqz;

struct Written {
  storage::SnapshotSlice slice{};
  storage::BlockSealer sealer{storage::SnapshotHeader{}};
  storage::BlockReader reader{storage::SnapshotHeader{}};
  storage::SnapshotEntry entry{};

  Written(const broker::SnapshotObject& object, Now now) {
    broker::add_to(slice, object, 1, now);
    MQZ_CHECK(reader.read(sealer.seal(slice)) == storage::BlockFault::none);
    MQZ_CHECK(reader.next(entry));
  }
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3 || size - 3 < data[2]) return 0;
  const Now now{MonoTime(Millis(1000)), WallTime(Millis(2000))};
  const Bytes input = as_bytes(fuzz::text_of(data, size)).subspan(3);
  const auto object =
      broker::decode({data[0], data[1], input.first(data[2]), 1, input.subspan(data[2])}, now);
  if (!object) return 0;
  const Written once(*object, now);
  const auto again = broker::decode(once.entry, now);
  MQZ_CHECK(again.has_value());
  const Written twice(*again, now);
  MQZ_CHECK(as_text(once.entry.key) == as_text(twice.entry.key));
  MQZ_CHECK(as_text(once.entry.value) == as_text(twice.entry.value));
  return 0;
}
