#include "lib/storage/snapshot_salvage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "lib/storage/segment.h"
#include "lib/storage/snapshot_parts.h"

namespace mqz::storage {

namespace {

// What is lost is only told: it is not worth more memory.
constexpr std::uint64_t lost_bytes_max = 1U << 20U;

class Walk {
 public:
  Walk(const os::DiskFile& file, std::uint64_t size, SalvageVisitor* visitor)
      : file_(file, size), visitor_(visitor) {}

  Result<void> run(SnapshotRemains& remains) {
    const auto parts = divide_snapshot(file_, remains.header);
    if (!parts) return tl::unexpected(parts.error());
    for (const SnapshotPart& part : *parts) {
      if (!part.is_kept) remains.lost.push_back({part.offset, part.bytes});
      if (auto shown = show(part, remains); !shown) return shown;
    }
    return {};
  }

 private:
  Result<void> show(const SnapshotPart& part, SnapshotRemains& remains) {
    const std::uint64_t wanted = part.is_kept ? part.bytes : std::min(part.bytes, lost_bytes_max);
    const Result<Bytes> bytes = file_.at(part.offset, wanted);
    if (!bytes) return tl::unexpected(bytes.error());
    Bytes entries = bytes->subspan(std::min<std::size_t>(bytes->size(), block_header_bytes));
    SnapshotEntry entry;
    while (next_entry(entries, entry)) {
      if (part.is_kept) ++remains.entries;
      if (visitor_ == nullptr) continue;
      auto seen =
          part.is_kept ? visitor_->on_snapshot_entry(entry) : visitor_->on_lost_entry(entry);
      if (!seen) return seen;
    }
    return {};
  }

  BlockFile file_;
  SalvageVisitor* visitor_;
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
