// Any bytes are a frame or refused; what is a frame is read to its last record, and each record
// alone. The same bytes as a journal's entry, too. The first byte chooses whether the frame's sum
// is made right before: what stands behind it would be out of reach otherwise.
#include <vector>

#include "lib/storage/checksum.h"
#include "lib/storage/entry.h"
#include "lib/storage/little_endian.h"
#include "lib/storage/segment.h"
#include "tests/fuzz/fuzz.h"

using namespace mqz;
using namespace mqz::storage;

namespace {

void mend_sum(std::vector<std::byte>& bytes) {
  if (bytes.size() < frame_header_bytes) return;
  const std::size_t body = load<std::uint32_t>(bytes.data() + 16);
  if (body > bytes.size() - frame_header_bytes) return;
  const Bytes frame = Bytes(bytes).first(frame_header_bytes + body);
  const std::uint32_t sum = crc32c(frame.subspan(frame_header_bytes), crc32c(frame.first(28)));
  store(bytes.data() + 28, sum);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const auto* const from = reinterpret_cast<const std::byte*>(data);
  std::vector<std::byte> bytes(from + 1, from + size);
  if ((data[0] & 1U) != 0) mend_sum(bytes);
  EntryHeader header;
  if (read_entry_header(bytes, segment_key(0x0807'0605'0403'0201, 1), header))
    MQZ_CHECK(header.whole_bytes() >= entry_header_bytes);
  FrameView view;
  if (read_frame(bytes, view) == FrameFault::none) {
    MQZ_CHECK(view.bytes().size() <= size);
    RecordReader records(view);
    RecordView record;
    std::uint32_t count = 0;
    for (; records.next(record); ++count) {
      const Bytes alone = view.bytes().subspan(record.offset);
      RecordView again;
      // A frame's sum does not speak for its records' own.
      if (read_record(alone, again)) MQZ_CHECK(again.body.data() == record.body.data());
      MQZ_CHECK(record_bytes(alone) == record_header_bytes + record.body.size());
    }
    MQZ_CHECK(count == view.count());
  }
  RecordView record;
  if (read_record(bytes, record)) MQZ_CHECK(record.body.size() <= size);
  return 0;
}
