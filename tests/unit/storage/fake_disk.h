// A disk in memory that stops as the worst real one may: only what was synced is sure to be there
// afterwards, and of the rest any sectors, in any order, some of them torn. It fails, fills up and
// flips bits when told to.
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "lib/os/disk.h"
#include "tests/simulation/random.h"

namespace mqz::storage {

class FakeDisk final : public os::Disk {
 public:
  static constexpr std::size_t sector_bytes = 512;

  struct Inode {
    std::vector<std::byte> cached{};   // what reading shows
    std::vector<std::byte> durable{};  // what is on the medium
    std::set<std::size_t> dirty{};     // sectors that the next sync writes
  };
  using InodeRef = std::shared_ptr<Inode>;

  // ---- What happens to it. ----

  // Asked before every call that may fail; an answer is its error.
  std::function<std::optional<ErrorCode>(std::string_view call, const std::string& path)> fault{};
  // Fails the nth call from now on, counted from 1, once.
  void fail_call(std::uint64_t nth, ErrorCode code);
  std::string failed_call{};  // which it was
  // Called when a sync has been asked for and nothing is yet on the medium.
  std::function<void()> at_sync{};
  std::uint64_t capacity = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t calls() const { return calls_; }
  std::uint64_t writes = 0;  // of files
  std::uint64_t syncs = 0;   // of files

  // What is found after the machine has stopped now. This disk goes on as if it had not.
  std::unique_ptr<FakeDisk> crash(simulation::Random& random) const;
  // What is found after the process alone has been killed now: nothing is lost.
  std::unique_ptr<FakeDisk> kill() const;

  std::vector<std::string> paths() const;
  Bytes contents(const std::string& path) const;
  // On the medium and in the cache.
  void flip_bit(const std::string& path, std::size_t bit);
  void resize(const std::string& path, std::size_t bytes);
  void replace(const std::string& path, Bytes bytes);
  std::uint64_t used_bytes() const;

  // ---- os::Disk ----

  Result<std::unique_ptr<os::DiskFile>> open(const std::string& path, os::OpenAs as) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<std::unique_ptr<os::DiskDirectory>> open_directory(const std::string& path) override;
  Result<void> sync_directory(const std::string& directory) override;
  Result<std::uint64_t> free_bytes(const std::string& directory) override;
  Result<std::unique_ptr<os::DiskLock>> lock(const std::string& path) override;
  Result<std::unique_ptr<os::DiskLock>> lock_to_look(const std::string& path) override;

 private:
  friend class FakeFile;
  friend class FakeLock;
  using Names = std::map<std::string, InodeRef>;

  // A change of a directory that is not yet on the medium.
  struct Change {
    std::string gone{};  // may be empty
    std::string there{};
    InodeRef inode{};
  };

  static void apply(const Change& change, Names& names);
  Result<void> ask(std::string_view call, const std::string& path);
  void change(Change change);
  bool fits(const Inode& inode, std::size_t bytes) const;

  Names names_{};
  Names durable_names_{};
  std::vector<Change> changes_{};
  std::set<std::string> directories_{};
  std::set<std::string> locks_{};
  std::uint64_t calls_ = 0;
  std::uint64_t failing_call_ = 0;
  ErrorCode failing_code_{};
};

}  // namespace mqz::storage
