#include "lib/storage/frame.h"

#include <algorithm>
#include <cstring>

#include "lib/base/check.h"
#include "lib/storage/checksum.h"
#include "lib/storage/little_endian.h"

namespace mqz::storage {

namespace {

constexpr std::uint32_t frame_format = 1;
constexpr std::uint8_t must_understand_bit = 0x01;
constexpr unsigned part_shift = 1;
constexpr std::uint8_t known_flags = 0x07;

// Offsets in a frame's header.
constexpr std::size_t at_incarnation = 0;
constexpr std::size_t at_number = 8;
constexpr std::size_t at_body_bytes = 16;
constexpr std::size_t at_count = 20;
constexpr std::size_t at_format = 24;
constexpr std::size_t at_sum = 28;

// Offsets in a record's header.
constexpr std::size_t at_type = 0;
constexpr std::size_t at_version = 2;
constexpr std::size_t at_flags = 3;
constexpr std::size_t at_length = 4;
constexpr std::size_t at_record_sum = 8;

std::size_t padded(std::size_t bytes) { return (bytes + 7) & ~std::size_t{7}; }

std::uint32_t frame_sum(Bytes frame) {
  return crc32c(frame.subspan(frame_header_bytes), crc32c(frame.first(at_sum)));
}

std::uint32_t record_sum(Bytes record) {
  return crc32c(record.subspan(record_header_bytes), crc32c(record.first(at_record_sum)));
}

RecordHead head_of(const std::byte* at) {
  const auto flags = std::to_integer<std::uint8_t>(at[at_flags]);
  return {load<std::uint16_t>(at + at_type), std::to_integer<std::uint8_t>(at[at_version]),
          (flags & must_understand_bit) != 0, static_cast<Part>((flags >> part_shift) & 3U)};
}

// The record at `at` lies inside the frame; false where it does not.
bool cut_record(Bytes frame, std::size_t at, RecordView& record) {
  if (frame.size() - at < record_header_bytes) return false;
  const std::byte* header = frame.data() + at;
  const std::size_t length = load<std::uint32_t>(header + at_length);
  if (length > frame.size() - at - record_header_bytes) return false;
  if ((std::to_integer<unsigned>(header[at_flags]) & ~unsigned{known_flags}) != 0) return false;
  record = {head_of(header), frame.subspan(at + record_header_bytes, length),
            static_cast<std::uint32_t>(at)};
  return true;
}

bool has_shape(Bytes frame, std::uint32_t count) {
  std::size_t at = frame_header_bytes;
  RecordView record;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!cut_record(frame, at, record)) return false;
    at += record_header_bytes + record.body.size();
  }
  return count != 0 && at == frame.size();
}

}  // namespace

std::byte* FrameBuffer::grow(std::size_t bytes) {
  if (size_ + bytes > capacity_) {
    const std::size_t wider = std::max({capacity_ * 2, size_ + bytes, std::size_t{4096}});
    auto room = std::make_unique_for_overwrite<std::byte[]>(wider);
    if (size_ != 0) std::memcpy(room.get(), room_.get(), size_);
    room_ = std::move(room);
    capacity_ = wider;
  }
  std::byte* const at = room_.get() + size_;
  size_ += bytes;
  return at;
}

void FrameBuilder::begin() {
  buffer_.clear();
  buffer_.grow(entry_header_bytes + frame_header_bytes);
}

std::byte* FrameBuilder::reserve(const RecordHead& head, std::size_t body_bytes) {
  if (count_ == 0) begin();
  MQZ_CHECK(body_bytes < (std::size_t{1} << 31U));
  std::byte* const header = buffer_.grow(record_header_bytes + body_bytes);
  const auto part = static_cast<unsigned>(head.part) << part_shift;
  store(header + at_type, head.type);
  store(header + at_version, head.version);
  store(header + at_flags,
        static_cast<std::uint8_t>(part | (head.must_understand ? must_understand_bit : 0U)));
  store(header + at_length, static_cast<std::uint32_t>(body_bytes));
  ++count_;
  return header + record_header_bytes;
}

void FrameBuilder::add(const RecordHead& head, Bytes body) {
  std::byte* const to = reserve(head, body.size());
  if (!body.empty()) std::memcpy(to, body.data(), body.size());
}

std::uint32_t FrameBuilder::bytes() const {
  return count_ == 0 ? frame_header_bytes
                     : static_cast<std::uint32_t>(buffer_.size() - entry_header_bytes);
}

void FrameBuilder::reuse(FrameBuffer buffer) {
  if (count_ == 0 && buffer.capacity() > buffer_.capacity()) buffer_ = std::move(buffer);
}

Frame FrameBuilder::take() {
  MQZ_CHECK(count_ != 0);
  const std::uint32_t size = bytes();
  std::byte* const frame = buffer_.begin() + entry_header_bytes;
  for (std::size_t at = frame_header_bytes; at < size;) {
    std::byte* const record = frame + at;
    const std::size_t whole = record_header_bytes + load<std::uint32_t>(record + at_length);
    store(record + at_record_sum, record_sum({record, whole}));
    at += whole;
  }
  store(frame + at_incarnation, incarnation_);
  store(frame + at_number, next_number_++);
  store(frame + at_body_bytes, size - frame_header_bytes);
  store(frame + at_count, count_);
  store(frame + at_format, frame_format);
  store(frame + at_sum, frame_sum({frame, size}));
  const std::size_t padding = padded(size) - size;
  if (padding != 0) std::memset(buffer_.grow(padding), 0, padding);
  return {std::exchange(buffer_, {}), size, std::exchange(count_, 0)};
}

std::uint64_t FrameView::incarnation() const {
  return load<std::uint64_t>(bytes_.data() + at_incarnation);
}
std::uint64_t FrameView::number() const { return load<std::uint64_t>(bytes_.data() + at_number); }
std::uint32_t FrameView::count() const { return load<std::uint32_t>(bytes_.data() + at_count); }

FrameFault read_frame(Bytes bytes, FrameView& view) {
  if (bytes.size() < frame_header_bytes) return FrameFault::too_short;
  const std::size_t body = load<std::uint32_t>(bytes.data() + at_body_bytes);
  if (body > bytes.size() - frame_header_bytes) return FrameFault::too_short;
  const Bytes frame = bytes.first(frame_header_bytes + body);
  if (frame_sum(frame) != load<std::uint32_t>(frame.data() + at_sum)) return FrameFault::wrong_sum;
  if (load<std::uint32_t>(frame.data() + at_format) > frame_format) return FrameFault::newer;
  if (!has_shape(frame, load<std::uint32_t>(frame.data() + at_count)))
    return FrameFault::wrong_shape;
  view.bytes_ = frame;
  return FrameFault::none;
}

std::uint64_t record_bytes(Bytes header) {
  MQZ_CHECK(header.size() >= record_header_bytes);
  return std::uint64_t{record_header_bytes} + load<std::uint32_t>(header.data() + at_length);
}

bool read_record(Bytes bytes, RecordView& record) {
  if (!cut_record(bytes, 0, record)) return false;
  const Bytes whole = bytes.first(record_header_bytes + record.body.size());
  return record_sum(whole) == load<std::uint32_t>(whole.data() + at_record_sum);
}

bool RecordReader::next(RecordView& record) {
  if (at_ == frame_.size()) return false;
  MQZ_CHECK(cut_record(frame_, at_, record));
  at_ += static_cast<std::uint32_t>(record_header_bytes + record.body.size());
  return true;
}

}  // namespace mqz::storage
