#include "lib/storage/snapshot_salvage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "lib/storage/scan.h"
#include "lib/storage/segment.h"

namespace mqz::storage {

namespace {

// A block, or bytes that nobody can divide into blocks any more.
struct Part {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  bool is_sound = false;
  bool is_block = true;
};

class Walk {
 public:
  Walk(const os::DiskFile& file, std::uint64_t size, SalvageVisitor* visitor)
      : window_(file), size_(size), visitor_(visitor) {}

  Result<void> run(SnapshotRemains& remains) {
    if (auto divided = divide(remains.header); !divided) return divided;
    bool is_trusted = true;
    for (const Part& part : parts_) {
      is_trusted = is_trusted && (part.is_sound || is_proven_);
      const bool is_kept = is_trusted && part.is_sound;
      if (!is_kept) {
        ++remains.lost_blocks;
        remains.lost_bytes += part.bytes;
      }
      if (auto shown = show(part, is_kept, remains); !shown) return shown;
    }
    return {};
  }

 private:
  // Each block says how long it is; if one says it wrong the sums do not make the chain's end.
  Result<void> divide(const SnapshotHeader& header) {
    std::uint64_t chain = begin_chain(header);
    for (std::uint64_t offset = snapshot_header_bytes; offset < size_;) {
      const Result<Bytes> head = window_.at(offset, block_header_bytes);
      if (!head) return tl::unexpected(head.error());
      const std::uint64_t told = BlockReader::block_bytes(*head);
      if (told == 0) {  // however much there is, it is not read
        parts_.push_back({.offset = offset, .bytes = size_ - offset, .is_block = false});
        return {};
      }
      const std::uint64_t bytes = std::min(told, size_ - offset);
      const Result<Bytes> whole = window_.at(offset, static_cast<std::size_t>(bytes));
      if (!whole) return tl::unexpected(whole.error());
      const LooseBlock block = read_loosely(*whole);
      parts_.push_back({offset, bytes, block.is_sound && block.number == parts_.size()});
      offset += bytes;
      if (block.is_totals && parts_.back().is_sound) {
        is_proven_ = block.chain == chain && offset == size_;
        if (is_proven_) parts_.pop_back();
      }
      chain = chain_with(chain, block.sum);
    }
    return {};
  }

  Result<void> show(const Part& part, bool is_kept, SnapshotRemains& remains) {
    if (!part.is_block) return {};
    const Result<Bytes> whole = window_.at(part.offset, static_cast<std::size_t>(part.bytes));
    if (!whole) return tl::unexpected(whole.error());
    LooseBlock block = read_loosely(*whole);
    SnapshotEntry entry;
    while (next_entry(block, entry)) {
      if (is_kept) ++remains.entries;
      if (visitor_ == nullptr) continue;
      auto seen = is_kept ? visitor_->on_snapshot_entry(entry) : visitor_->on_lost_entry(entry);
      if (!seen) return seen;
    }
    return {};
  }

  FileWindow window_;
  std::uint64_t size_;
  SalvageVisitor* visitor_;
  std::vector<Part> parts_{};
  bool is_proven_ = false;  // the parts are what the writer wrote, damaged or not
};

// As blocks again.
class Rewriter final : public SalvageVisitor {
 public:
  explicit Rewriter(SnapshotWriter& writer) : writer_(writer) {}

  Result<void> on_snapshot_entry(const SnapshotEntry& entry) override {
    slice_.add(entry);
    return slice_.bytes() < slice_bytes ? Result<void>() : flush();
  }
  Result<void> on_lost_entry(const SnapshotEntry&) override { return {}; }
  Result<void> flush() { return writer_.add(std::exchange(slice_, {})); }

 private:
  static constexpr std::size_t slice_bytes = 256U << 10U;
  SnapshotWriter& writer_;
  SnapshotSlice slice_{};
};

// The name says the same as the header, but for the ordinal.
Result<SnapshotHeader> header_of(const os::DiskFile& file, const std::string& name,
                                 std::uint64_t store_id) {
  std::array<std::byte, snapshot_header_bytes> start{};
  const Result<std::size_t> got = file.read_at(0, start);
  if (!got) return tl::unexpected(got.error());
  const auto header = decode_snapshot_header(Bytes(start).first(*got));
  const SnapshotHeader named{store_id, *position_in_name(name, snapshot_ending)};
  if (!header && header.error().code != ErrorCode::corrupt) return tl::unexpected(header.error());
  if (!header) return named;
  if (header->store_id != store_id) return fail(ErrorCode::corrupt, name + ": of another store");
  return header->replay_from == named.replay_from ? *header : named;
}

}  // namespace

Result<SnapshotRemains> walk_snapshot(os::Disk& disk, const std::string& directory,
                                      const std::string& name, std::uint64_t store_id,
                                      SalvageVisitor* visitor) {
  const auto file = disk.open(directory + "/" + name, os::OpenAs::read);
  if (!file) return tl::unexpected(file.error());
  const Result<std::uint64_t> size = (*file)->size();
  if (!size) return tl::unexpected(size.error());
  const auto header = header_of(**file, name, store_id);
  if (!header) return tl::unexpected(header.error());
  SnapshotRemains remains{.header = *header};
  if (auto walked = Walk(**file, *size, visitor).run(remains); !walked)
    return tl::unexpected(walked.error());
  return remains;
}

Result<SnapshotSummary> rewrite_snapshot(os::Disk& disk, const std::string& directory,
                                         const std::string& name, std::uint64_t store_id) {
  const auto remains = walk_snapshot(disk, directory, name, store_id, nullptr);
  if (!remains) return tl::unexpected(remains.error());
  static_cast<void>(disk.remove(directory + "/" + name + ".tmp"));  // of an interrupted repair
  auto writer = SnapshotWriter::begin(disk, directory, remains->header);
  if (!writer) return tl::unexpected(writer.error());
  Rewriter rewriter(*writer);
  if (auto walked = walk_snapshot(disk, directory, name, store_id, &rewriter); !walked)
    return tl::unexpected(walked.error());
  if (auto flushed = rewriter.flush(); !flushed) return tl::unexpected(flushed.error());
  if (auto finished = writer->finish(); !finished) return tl::unexpected(finished.error());
  return read_snapshot(disk, directory, name, store_id, nullptr);
}

}  // namespace mqz::storage
