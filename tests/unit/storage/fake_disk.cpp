#include "tests/unit/storage/fake_disk.h"

#include <algorithm>

#include "lib/base/check.h"

namespace mqz::storage {

namespace {

constexpr std::size_t sector = FakeDisk::sector_bytes;

void copy_sector(const std::vector<std::byte>& from, std::vector<std::byte>& to, std::size_t index,
                 std::size_t skip = 0, std::size_t count = sector) {
  const std::size_t end = std::min({index * sector + skip + count, from.size(), to.size()});
  for (std::size_t at = index * sector + skip; at < end; ++at) to[at] = from[at];
}

// What is left of a file whose unsynced sectors were on their way.
FakeDisk::InodeRef crashed(const FakeDisk::Inode& inode, simulation::Random& random) {
  auto left = std::make_shared<FakeDisk::Inode>();
  left->durable = inode.durable;
  if (!inode.dirty.empty() && random.chance(0.5)) left->durable.resize(inode.cached.size());
  for (const std::size_t index : inode.dirty) {
    switch (random.below(4)) {
      case 0: copy_sector(inode.cached, left->durable, index); break;
      case 1: copy_sector(inode.cached, left->durable, index, 0, random.below(sector)); break;
      case 2: copy_sector(inode.cached, left->durable, index, random.below(sector)); break;
      default: break;
    }
  }
  left->cached = left->durable;
  return left;
}

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

class FakeLock final : public os::DiskLock {
 public:
  FakeLock(FakeDisk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  FakeLock(const FakeLock&) = delete;
  FakeLock& operator=(const FakeLock&) = delete;
  ~FakeLock() override { disk_.locks_.erase(path_); }

 private:
  FakeDisk& disk_;
  std::string path_;
};

class FakeFile final : public os::DiskFile {
 public:
  FakeFile(FakeDisk& disk, FakeDisk::InodeRef inode, std::string path, bool writable)
      : disk_(disk), inode_(std::move(inode)), path_(std::move(path)), writable_(writable) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> to) const override {
    if (auto asked = disk_.ask("read", path_); !asked) return tl::unexpected(asked.error());
    const std::size_t size = inode_->cached.size();
    const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset, size));
    const std::size_t bytes = std::min(to.size(), size - from);
    std::copy_n(inode_->cached.data() + from, bytes, to.data());
    return bytes;
  }

  Result<void> write_at(std::uint64_t offset, std::span<const Bytes> pieces) override {
    MQZ_CHECK(writable_);
    ++disk_.writes;
    const auto asked = disk_.ask("write", path_);
    auto at = static_cast<std::size_t>(offset);
    for (const Bytes piece : pieces) {
      // A write that fails has written something.
      const std::size_t bytes = asked ? piece.size() : piece.size() / 2;
      if (!disk_.fits(*inode_, at + bytes)) return fail(ErrorCode::unavailable, path_ + ": full");
      write(at, piece.first(bytes));
      at += bytes;
      if (!asked) break;
    }
    return asked;
  }

  Result<void> sync() override {
    MQZ_CHECK(writable_);
    ++disk_.syncs;
    if (disk_.at_sync) disk_.at_sync();
    const auto asked = disk_.ask("sync", path_);
    inode_->durable.resize(inode_->cached.size());
    for (const std::size_t index : inode_->dirty) {
      // When it fails, some bytes are written and the others forgotten: they count as clean.
      if (asked || index % 2 == 0) copy_sector(inode_->cached, inode_->durable, index);
    }
    inode_->dirty.clear();
    return asked;
  }

  void start_writing(std::uint64_t, std::uint64_t) override {}

  Result<void> allocate(std::uint64_t bytes) override {
    MQZ_CHECK(writable_);
    if (auto asked = disk_.ask("allocate", path_); !asked) return asked;
    if (!disk_.fits(*inode_, static_cast<std::size_t>(bytes)))
      return fail(ErrorCode::unavailable, path_ + ": full");
    if (bytes > inode_->cached.size()) {
      inode_->cached.resize(static_cast<std::size_t>(bytes));
      inode_->dirty.insert(0);
    }
    return {};
  }

  Result<std::uint64_t> size() const override {
    if (auto asked = disk_.ask("size", path_); !asked) return tl::unexpected(asked.error());
    return inode_->cached.size();
  }

 private:
  void write(std::size_t at, Bytes bytes) {
    if (inode_->cached.size() < at + bytes.size()) inode_->cached.resize(at + bytes.size());
    std::copy(bytes.begin(), bytes.end(), inode_->cached.data() + at);
    for (std::size_t i = at / sector; i * sector < at + bytes.size(); ++i) inode_->dirty.insert(i);
  }

  FakeDisk& disk_;
  FakeDisk::InodeRef inode_;
  std::string path_;
  bool writable_;
};

class FakeDirectory final : public os::DiskDirectory {
 public:
  FakeDirectory(FakeDisk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}

  Result<void> sync() override { return disk_.sync_directory(path_); }

 private:
  FakeDisk& disk_;
  std::string path_;
};

void FakeDisk::fail_call(std::uint64_t nth, ErrorCode code) {
  failing_call_ = calls_ + nth;
  failing_code_ = code;
}

Result<void> FakeDisk::ask(std::string_view call, const std::string& path) {
  ++calls_;
  const std::string text = path + ": " + std::string(call) + " fails";
  if (calls_ == failing_call_) {
    failed_call = call;
    return fail(failing_code_, text);
  }
  if (fault) {
    if (const auto code = fault(call, path)) return fail(*code, text);
  }
  return {};
}

void FakeDisk::apply(const Change& change, Names& names) {
  if (!change.gone.empty()) names.erase(change.gone);
  if (!change.there.empty()) names[change.there] = change.inode;
}

void FakeDisk::change(Change change) {
  apply(change, names_);
  changes_.push_back(std::move(change));
}

std::unique_ptr<FakeDisk> FakeDisk::crash(simulation::Random& random) const {
  Names left = durable_names_;
  for (const Change& one : changes_) {
    if (random.chance(0.5)) apply(one, left);
  }
  auto disk = std::make_unique<FakeDisk>();
  disk->directories_ = directories_;
  disk->capacity = capacity;
  for (const auto& [path, inode] : left) disk->names_[path] = crashed(*inode, random);
  disk->durable_names_ = disk->names_;
  return disk;
}

std::unique_ptr<FakeDisk> FakeDisk::kill() const {
  auto disk = std::make_unique<FakeDisk>();
  disk->directories_ = directories_;
  disk->capacity = capacity;
  std::map<const Inode*, InodeRef> copies;
  const auto copy = [&](const InodeRef& inode) {
    InodeRef& made = copies[inode.get()];
    if (made == nullptr) made = std::make_shared<Inode>(*inode);
    return made;
  };
  for (const auto& [path, inode] : names_) disk->names_[path] = copy(inode);
  for (const auto& [path, inode] : durable_names_) disk->durable_names_[path] = copy(inode);
  for (const Change& one : changes_) {
    disk->changes_.push_back({one.gone, one.there, one.inode ? copy(one.inode) : nullptr});
  }
  return disk;
}

std::vector<std::string> FakeDisk::paths() const {
  std::vector<std::string> paths;
  for (const auto& [path, inode] : names_) paths.push_back(path);
  return paths;
}

Bytes FakeDisk::contents(const std::string& path) const { return names_.at(path)->cached; }

void FakeDisk::flip_bit(const std::string& path, std::size_t bit) {
  Inode& inode = *names_.at(path);
  for (auto* bytes : {&inode.cached, &inode.durable}) {
    bytes->at(bit / 8) ^= static_cast<std::byte>(1U << (bit % 8));
  }
}

void FakeDisk::resize(const std::string& path, std::size_t bytes) {
  Inode& inode = *names_.at(path);
  inode.cached.resize(bytes);
  inode.durable.resize(bytes);
}

void FakeDisk::replace(const std::string& path, Bytes bytes) {
  Inode& inode = *names_.at(path);
  inode.cached.assign(bytes.begin(), bytes.end());
  inode.durable = inode.cached;
}

std::uint64_t FakeDisk::used_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [path, inode] : names_) bytes += inode->cached.size();
  return bytes;
}

bool FakeDisk::fits(const Inode& inode, std::size_t bytes) const {
  if (bytes <= inode.cached.size()) return true;
  return used_bytes() + (bytes - inode.cached.size()) <= capacity;
}

Result<std::unique_ptr<os::DiskFile>> FakeDisk::open(const std::string& path, os::OpenAs as) {
  if (auto asked = ask("open", path); !asked) return tl::unexpected(asked.error());
  const auto at = names_.find(path);
  if (as != os::OpenAs::create) {
    if (at == names_.end()) return fail(ErrorCode::not_found, path + ": not there");
    return std::make_unique<FakeFile>(*this, at->second, path, as == os::OpenAs::write);
  }
  if (at != names_.end()) return fail(ErrorCode::conflict, path + ": is there");
  auto inode = std::make_shared<Inode>();
  change({"", path, inode});
  return std::make_unique<FakeFile>(*this, inode, path, true);
}

Result<void> FakeDisk::rename(const std::string& from, const std::string& to) {
  if (auto asked = ask("rename", from); !asked) return asked;
  const auto at = names_.find(from);
  if (at == names_.end()) return fail(ErrorCode::not_found, from + ": not there");
  const InodeRef inode = at->second;
  change({from, to, inode});
  return {};
}

Result<void> FakeDisk::remove(const std::string& path) {
  if (auto asked = ask("remove", path); !asked) return asked;
  if (names_.count(path) == 0) return fail(ErrorCode::not_found, path + ": not there");
  change({path, "", nullptr});
  return {};
}

Result<void> FakeDisk::make_directory(const std::string& path) {
  if (auto asked = ask("make_directory", path); !asked) return asked;
  directories_.insert(path);
  return {};
}

Result<std::vector<std::string>> FakeDisk::list(const std::string& directory) {
  if (auto asked = ask("list", directory); !asked) return tl::unexpected(asked.error());
  std::vector<std::string> names;
  for (const auto& [path, inode] : names_) {
    if (parent_of(path) == directory) names.push_back(path.substr(directory.size() + 1));
  }
  return names;
}

Result<std::unique_ptr<os::DiskDirectory>> FakeDisk::open_directory(const std::string& path) {
  if (auto asked = ask("open_directory", path); !asked) return tl::unexpected(asked.error());
  return std::make_unique<FakeDirectory>(*this, path);
}

Result<void> FakeDisk::sync_directory(const std::string& directory) {
  if (at_sync) at_sync();
  if (auto asked = ask("sync_directory", directory); !asked) return asked;
  const auto is_here = [&](const Change& one) {
    return parent_of(one.gone.empty() ? one.there : one.gone) == directory;
  };
  for (const Change& one : changes_) {
    if (is_here(one)) apply(one, durable_names_);
  }
  std::erase_if(changes_, is_here);
  return {};
}

Result<std::uint64_t> FakeDisk::free_bytes(const std::string& directory) {
  if (auto asked = ask("free_bytes", directory); !asked) return tl::unexpected(asked.error());
  return capacity - std::min(capacity, used_bytes());
}

Result<std::unique_ptr<os::DiskLock>> FakeDisk::lock(const std::string& path) {
  if (auto asked = ask("lock", path); !asked) return tl::unexpected(asked.error());
  if (!locks_.insert(path).second) return fail(ErrorCode::conflict, path + ": in use by process 1");
  return std::make_unique<FakeLock>(*this, path);
}

Result<std::unique_ptr<os::DiskLock>> FakeDisk::lock_to_look(const std::string& path) {
  if (auto asked = ask("lock_to_look", path); !asked) return tl::unexpected(asked.error());
  if (locks_.count(path) != 0) return fail(ErrorCode::conflict, path + ": in use by process 1");
  return std::make_unique<os::DiskLock>();
}

}  // namespace mqz::storage
