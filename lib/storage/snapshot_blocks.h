// The blocks of a snapshot's file. Nothing that a header says is believed before the block's sum is
// right: a damaged length takes no memory.
#pragma once

#include <optional>

#include "lib/os/disk.h"
#include "lib/storage/scan.h"
#include "lib/storage/snapshot.h"

namespace mqz::storage {

class BlockFile {
 public:
  BlockFile(const os::DiskFile& file, std::uint64_t size) : window_(file), size_(size) {}
  std::uint64_t size() const { return size_; }

  // Of a block that could begin here: it is not longer than blocks are, nor than the file.
  Result<std::optional<BlockHead>> head_at(std::uint64_t offset);
  // Is its sum right? It is read in pieces.
  Result<bool> is_sound(std::uint64_t offset, const BlockHead& head);
  // `bytes` from `offset` on, fewer only at the end of the file; valid until the next call.
  Result<Bytes> at(std::uint64_t offset, std::uint64_t bytes) {
    return window_.at(offset, static_cast<std::size_t>(bytes));
  }

 private:
  FileWindow window_;
  std::uint64_t size_;
};

}  // namespace mqz::storage
