#include "lib/broker/journal_sequencer.h"

#include <utility>

#include "lib/base/check.h"
#include "lib/broker/record_codec.h"
#include "lib/storage/parts.h"

namespace mqz::broker {

namespace {

// Records that have room without asking for memory again, however few are on their way now.
constexpr std::uint32_t waiting_kept = 65'536;

}  // namespace

void JournalSequencer::append(storage::Frame frame) {
  bytes_ += frame.bytes;
  const storage::Position first = journal_.append(std::move(frame));
  MQZ_CHECK(first + 1 <= next_);
  builder_.reuse(journal_.take_buffer());
}

void JournalSequencer::propose(Record&& record, Now now) {
  const storage::RecordHead head{.type = static_cast<std::uint16_t>(type_of(record)),
                                 .version = record_version};
  const std::size_t size = encoded_size(record, now);
  std::uint32_t offset = storage::frame_header_bytes;  // parts have frames of their own
  std::uint32_t parts = 1;
  if (size <= part_bytes) {
    offset = builder_.bytes();
    encode(record, now, builder_.reserve(head, size));
    ++next_;
  } else {
    std::vector<std::byte> body(size);
    encode(record, now, body.data());
    parts = static_cast<std::uint32_t>((size + part_bytes - 1) / part_bytes);
    next_ += parts;
    storage::add_in_parts(builder_, head, body, part_bytes,
                          [this](storage::Frame frame) { append(std::move(frame)); });
  }
  record.position = next_ - 1;  // of the last part
  waiting_.emplace(std::move(record), offset, parts);
  if (builder_.bytes() >= part_bytes) flush();
}

void JournalSequencer::flush() {
  if (!builder_.empty()) append(builder_.take());
}

// Of a record in a committed frame; not before the one asked for last.
storage::Address JournalSequencer::address_of(storage::Position position, std::uint32_t offset) {
  while (committed_[committed_at_].end() <= position) ++committed_at_;
  return committed_[committed_at_].address_of(offset);
}

storage::BodyPlace JournalSequencer::place_of(const Waiting& committed) {
  const storage::Position last = committed.record.position;
  if (committed.parts == 1) return address_of(last, committed.offset);
  std::vector<storage::Address> addresses;
  for (storage::Position part = last + 1 - committed.parts; part <= last; ++part)
    addresses.push_back(address_of(part, committed.offset));
  return storage::BodyPlace(std::move(addresses));
}

std::optional<Record> JournalSequencer::take_committed() {
  const storage::Position end = journal_.committed_end();
  if (end != committed_end_) {
    committed_end_ = end;
    committed_.erase(committed_.begin(),
                     committed_.begin() + static_cast<std::ptrdiff_t>(committed_at_));
    committed_at_ = 0;
    journal_.take_committed(committed_);
  }
  if (waiting_.empty()) waiting_.shrink(waiting_kept);
  if (waiting_.empty() || waiting_.front().record.position >= end) return std::nullopt;
  waiting_.front().record.place = place_of(waiting_.front());
  std::optional<Record> record(std::move(waiting_.front().record));
  waiting_.pop();
  return record;
}

}  // namespace mqz::broker
