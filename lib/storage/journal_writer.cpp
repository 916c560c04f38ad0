#include "lib/storage/journal_writer.h"

#include <algorithm>
#include <array>

#include "lib/base/rules.h"
#include "lib/storage/checksum.h"

namespace mqz::storage {

namespace {

// Larger writes gain nothing, and their callers wait for the whole of it.
constexpr std::uint64_t write_bytes_max = std::uint64_t{16} << 20U;
constexpr std::size_t frames_max = 1024;

}  // namespace

std::size_t JournalWriter::fitting(std::span<const Frame> frames) const {
  // An entry that ends the segment has to fit in, too.
  const std::uint64_t used = std::min(end_.offset + entry_header_bytes, end_.segment->header.bytes);
  const std::uint64_t room = end_.segment->header.bytes - used;
  std::uint64_t bytes = 0;
  std::size_t count = 0;
  for (const Frame& frame : frames) {
    bytes += frame.buffer.size();
    if (bytes > room || count == frames_max || (count != 0 && bytes > write_bytes_max)) break;
    ++count;
  }
  return count;
}

void JournalWriter::place(Frame& frame, std::uint64_t offset, std::vector<Committed>& places) {
  const EntryHeader header{EntryKind::frame, end_.next,   synced_,
                           end_.chain,       frame.bytes, frame.count};
  write_entry_header(header, end_.segment->key(), frame.buffer.begin());
  const auto at = static_cast<std::uint32_t>(offset + entry_header_bytes);
  places.push_back({end_.next, frame.count, {end_.segment->header.ordinal, at}});
  end_.next = header.end();
  end_.chain = chain_after(end_.chain, frame.view());
}

Result<std::size_t> JournalWriter::write(std::span<Frame> frames, std::vector<Committed>& places) {
  const std::size_t count = fitting(frames);
  if (count == 0) return 0;
  pieces_.clear();
  const Position next = end_.next;
  const std::uint64_t chain = end_.chain;
  const std::size_t placed = places.size();
  std::uint64_t offset = end_.offset;
  for (Frame& frame : frames.first(count)) {
    place(frame, offset, places);
    pieces_.push_back(frame.buffer.bytes());
    offset += frame.buffer.size();
  }
  is_half_written_ = false;
  if (auto written = end_.segment->file->write_at(end_.offset, pieces_); !written) {
    is_half_written_ = true;
    end_.next = next;
    end_.chain = chain;
    places.resize(placed);
    return tl::unexpected(written.error());
  }
  end_.offset = offset;
  end_.marked = false;
  return count;
}

Result<void> JournalWriter::sync() {
  if (is_synced()) return {};
  if (MQZ_RULE(commit_synced)) {
    if (auto synced = end_.segment->file->sync(); !synced) return sync_failed(synced.error());
  }
  synced_ = end_.offset;
  return {};
}

Result<void> JournalWriter::roll() {
  if (MQZ_RULE(full_synced)) {
    if (auto synced = sync(); !synced) return synced;
  }
  const SegmentHeader& last = end_.segment->header;
  auto next = room_.begin({last.store_id, end_.next, end_.chain, 0, last.ordinal + 1});
  if (!next) return tl::unexpected(next.error());
  // Not before: an end without a segment behind it says that one was lost.
  const Result<void> ended = end_segment();
  end_.segment = std::move(*next);
  end_.offset = segment_header_bytes;
  end_.marked = true;
  synced_ = end_.offset;
  table_.add(end_.segment);
  // A file system that writes nothing in place may have no room for it, and all is well without.
  if (!ended && ended.error().code != ErrorCode::unavailable) return ended;
  return {};
}

Result<void> JournalWriter::write_entry(EntryKind kind) {
  std::array<std::byte, entry_header_bytes> bytes{};
  write_entry_header({kind, end_.next, synced_, end_.chain, 0, 0}, end_.segment->key(),
                     bytes.data());
  const std::array piece{Bytes(bytes)};
  if (auto written = end_.segment->file->write_at(end_.offset, piece); !written) return written;
  end_.offset += bytes.size();
  return {};
}

Result<void> JournalWriter::end_segment() {
  if (auto synced = sync_ended(); !synced) return synced;
  // What a repair has filled has no room for it.
  if (end_.segment->header.bytes - end_.offset < entry_header_bytes) return {};
  ended_ = end_.segment;
  return write_entry(EntryKind::end);
}

Result<void> JournalWriter::sync_ended() {
  if (ended_ == nullptr) return {};
  const auto ended = std::exchange(ended_, nullptr);
  return ended->file->sync();
}

Result<void> JournalWriter::mark() {
  if (auto synced = sync(); !synced) return synced;
  // A full segment needs none: the next one says that it is durable.
  if (end_.segment->header.bytes - end_.offset < 2 * entry_header_bytes) {
    end_.marked = true;
    return {};
  }
  if (auto written = write_entry(EntryKind::mark); !written) return written;
  end_.marked = true;
  return sync();
}

}  // namespace mqz::storage
