// The file system as a store needs it: every call that can fail, tear or lie when a machine stops
// is here, so that a test can make it so. Paths are plain; nothing is created that is not asked
// for.
//
// Errors: not_found; refused (no permission); conflict (it exists, or somebody holds the lock);
// unavailable (no room on the disk; no descriptor left, then with a hint: asking again later may
// help); io for the rest. Each text is "PATH: what the system says".
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/error.h"

namespace mqz::os {

// An open file. Reading is safe from any thread; writing and syncing belong to one at a time.
class DiskFile {
 public:
  virtual ~DiskFile() = default;
  // Fills `to` from `offset` on; fewer bytes only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> to) const = 0;
  // All pieces one behind the other, as one write where the system can. After an error any part of
  // them may have been written.
  virtual Result<void> write_at(std::uint64_t offset, std::span<const Bytes> pieces) = 0;
  // fdatasync: the bytes and what is needed to read them back are on the medium. After a failure
  // nothing may be concluded from a later success: the system forgets which bytes it has lost.
  virtual Result<void> sync() = 0;
  // A hint: the system may begin to write these bytes to the medium, without anybody waiting.
  virtual void start_writing(std::uint64_t offset, std::uint64_t bytes) = 0;
  // Room for `bytes` in all, as zeroes; the file is as long as that then.
  virtual Result<void> allocate(std::uint64_t bytes) = 0;
  virtual Result<std::uint64_t> size() const = 0;
};

// An open directory, to be synced without a descriptor more.
class DiskDirectory {
 public:
  virtual ~DiskDirectory() = default;
  // What was created, renamed or removed in it is on the medium.
  virtual Result<void> sync() = 0;
};

// Held until it is destroyed, or the process ends.
class DiskLock {
 public:
  virtual ~DiskLock() = default;
};

enum class OpenAs : unsigned char {
  read,
  write,   // and read; it must exist
  create,  // and read and write; it must not exist
};

class Disk {
 public:
  virtual ~Disk() = default;
  virtual Result<std::unique_ptr<DiskFile>> open(const std::string& path, OpenAs as) = 0;
  // Atomic; what bore the new name before is gone.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  // With its parents; success if it is there already. Mode 0700. Its name is on the medium then,
  // also that of one which an earlier process has made.
  virtual Result<void> make_directory(const std::string& path) = 0;
  // The names (not paths) in a directory, sorted.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  virtual Result<std::unique_ptr<DiskDirectory>> open_directory(const std::string& path) = 0;
  // As its own does.
  virtual Result<void> sync_directory(const std::string& directory) = 0;
  // What this process may still write to the file system of `directory`.
  virtual Result<std::uint64_t> free_bytes(const std::string& directory) = 0;
  // For this process alone: the file, which is made and holds the holder's process number, and the
  // directory it is in, so that nothing depends on the file staying there. conflict says who has
  // it.
  virtual Result<std::unique_ptr<DiskLock>> lock(const std::string& path) = 0;
  // Beside others who only look: nothing is made or written, and the file may be missing.
  virtual Result<std::unique_ptr<DiskLock>> lock_to_look(const std::string& path) = 0;
};

// The system's own. One for all; it has no state.
Disk& real_disk();

}  // namespace mqz::os
