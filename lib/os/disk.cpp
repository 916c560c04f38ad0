#include "lib/os/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "lib/os/errno_text.h"
#include "lib/os/fd.h"

namespace mqz::os {

namespace {

tl::unexpected<Error> failed(int error, const std::string& path) {
  const auto code = [error] {
    switch (error) {
      case ENOENT:
      case ENOTDIR: return ErrorCode::not_found;
      case EACCES:
      case EPERM:
      case EROFS: return ErrorCode::refused;
      case EEXIST: return ErrorCode::conflict;
      case EMFILE:
      case ENFILE:
      case ENOSPC:
      case EDQUOT: return ErrorCode::unavailable;
      default: return ErrorCode::io;
    }
  };
  const bool lacks_descriptors = error == EMFILE || error == ENFILE;
  return fail(code(), path + ": " + errno_text(error),
              lacks_descriptors ? "allow the process more open files (ulimit -n)" : "");
}

Result<void> done(int result, const std::string& path) {
  if (result != 0) return failed(errno, path);
  return {};
}

// The pieces that remain of `pieces` behind the first `written` bytes, at most as many as one call
// takes.
std::vector<iovec> remaining(std::span<const Bytes> pieces, std::size_t written) {
  std::vector<iovec> rest;
  rest.reserve(std::min<std::size_t>(pieces.size(), IOV_MAX));
  for (const Bytes piece : pieces) {
    const std::size_t skipped = std::min(written, piece.size());
    written -= skipped;
    if (skipped == piece.size()) continue;
    // The system only reads from it.
    auto* from = const_cast<std::byte*>(piece.data() + skipped);
    rest.push_back({from, piece.size() - skipped});
    if (rest.size() == IOV_MAX) break;
  }
  return rest;
}

class RealFile final : public DiskFile {
 public:
  RealFile(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> to) const override {
    std::size_t got = 0;
    while (got < to.size()) {
      const ssize_t bytes =
          ::pread(fd_.get(), to.data() + got, to.size() - got, static_cast<off_t>(offset + got));
      if (bytes == 0) break;
      if (bytes < 0 && errno == EINTR) continue;
      if (bytes < 0) return failed(errno, path_);
      got += static_cast<std::size_t>(bytes);
    }
    return got;
  }

  Result<void> write_at(std::uint64_t offset, std::span<const Bytes> pieces) override {
    for (std::size_t written = 0;;) {
      const std::vector<iovec> rest = remaining(pieces, written);
      if (rest.empty()) return {};
      const ssize_t bytes = ::pwritev(fd_.get(), rest.data(), static_cast<int>(rest.size()),
                                      static_cast<off_t>(offset + written));
      if (bytes < 0 && errno == EINTR) continue;
      if (bytes <= 0) return failed(bytes == 0 ? EIO : errno, path_);
      written += static_cast<std::size_t>(bytes);
    }
  }

  Result<void> sync() override { return done(::fdatasync(fd_.get()), path_); }

  void start_writing(std::uint64_t offset, std::uint64_t bytes) override {
    ::sync_file_range(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(bytes),
                      SYNC_FILE_RANGE_WRITE);
  }

  // glibc writes zeroes where the file system cannot allocate.
  Result<void> allocate(std::uint64_t bytes) override {
    for (;;) {
      const int error = ::posix_fallocate(fd_.get(), 0, static_cast<off_t>(bytes));
      if (error == 0) return {};
      if (error != EINTR) return failed(error, path_);
    }
  }

  Result<std::uint64_t> size() const override {
    struct stat about {};
    if (::fstat(fd_.get(), &about) != 0) return failed(errno, path_);
    return static_cast<std::uint64_t>(about.st_size);
  }

 private:
  Fd fd_;
  std::string path_;
};

class RealDirectory final : public DiskDirectory {
 public:
  RealDirectory(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<void> sync() override { return done(::fsync(fd_.get()), path_); }

 private:
  Fd fd_;
  std::string path_;
};

class RealLock final : public DiskLock {
 public:
  RealLock(Fd folder, Fd file) : folder_(std::move(folder)), file_(std::move(file)) {}

 private:
  Fd folder_;
  Fd file_;
};

// The process whose number the file holds; it may be from an earlier one, or not be there.
std::string holder_of(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 32> text{};
  const ssize_t bytes = fd.is_open() ? ::pread(fd.get(), text.data(), text.size(), 0) : 0;
  pid_t number = 0;
  std::from_chars(text.data(), text.data() + std::max<ssize_t>(bytes, 0), number);
  if (number <= 0 || (::kill(number, 0) != 0 && errno == ESRCH)) return "another process";
  return "process " + std::to_string(number);
}

tl::unexpected<Error> in_use(const std::string& path) {
  return fail(ErrorCode::conflict, path + ": in use by " + holder_of(path));
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// The directory of `path`. Some file systems cannot lock one: then the file has to do.
Result<Fd> lock_folder(const std::string& path, int how) {
  const std::string folder = parent_of(path);
  Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) return failed(errno, folder);
  if (::flock(fd.get(), how | LOCK_NB) != 0 && errno == EWOULDBLOCK) return in_use(path);
  return fd;
}

class RealDisk final : public Disk {
 public:
  Result<std::unique_ptr<DiskFile>> open(const std::string& path, OpenAs as) override {
    const int flags = as == OpenAs::read    ? O_RDONLY
                      : as == OpenAs::write ? O_RDWR
                                            : O_RDWR | O_CREAT | O_EXCL;
    Fd fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
    if (!fd.is_open()) return failed(errno, path);
    return std::make_unique<RealFile>(std::move(fd), path);
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    return done(::rename(from.c_str(), to.c_str()), from);
  }

  Result<void> remove(const std::string& path) override {
    return done(::unlink(path.c_str()), path);
  }

  Result<void> make_directory(const std::string& path) override {
    Result<void> refused;  // some file systems refuse to make even what is there
    for (std::size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
      const bool is_whole = at == std::string::npos;
      const std::string part = path.substr(0, at);
      if (::mkdir(part.c_str(), 0700) == 0) {
        if (auto synced = sync_directory(parent_of(part)); !synced) return synced;
      } else if (errno == ENOENT && !refused) {
        return refused;
      } else if (errno != EEXIST) {
        refused = failed(errno, is_whole ? path : path + ": cannot make " + part);
        if (is_whole) return refused;
      } else if (is_whole) {
        Result<void> synced = sync_directory(parent_of(part));
        // Who may not read the parent of what was there before can do no more for it.
        if (!synced && synced.error().code != ErrorCode::refused) return synced;
      }
      if (is_whole) return {};
    }
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
    if (open == nullptr) return failed(errno, directory);
    std::vector<std::string> names;
    for (errno = 0; const dirent* entry = ::readdir(open.get()); errno = 0) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    if (errno != 0) return failed(errno, directory);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<std::unique_ptr<DiskDirectory>> open_directory(const std::string& path) override {
    Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.is_open()) return failed(errno, path);
    return std::make_unique<RealDirectory>(std::move(fd), path);
  }

  Result<void> sync_directory(const std::string& directory) override {
    const auto open = open_directory(directory);
    if (!open) return tl::unexpected(open.error());
    return (*open)->sync();
  }

  Result<std::uint64_t> free_bytes(const std::string& directory) override {
    struct statvfs about {};
    if (::statvfs(directory.c_str(), &about) != 0) return failed(errno, directory);
    return std::uint64_t{about.f_bavail} * about.f_frsize;
  }

  Result<std::unique_ptr<DiskLock>> lock(const std::string& path) override {
    Result<Fd> folder = lock_folder(path, LOCK_EX);
    if (!folder) return tl::unexpected(folder.error());
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd.is_open()) return failed(errno, path);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
      return errno == EWOULDBLOCK ? in_use(path) : failed(errno, path);
    const std::string owner = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd.get(), 0) != 0 ||
        ::pwrite(fd.get(), owner.data(), owner.size(), 0) != static_cast<ssize_t>(owner.size())) {
      // The number is for people; a full disk must not keep a store from being opened.
      if (errno != ENOSPC && errno != EDQUOT) return failed(errno, path);
    }
    return std::make_unique<RealLock>(std::move(*folder), std::move(fd));
  }

  Result<std::unique_ptr<DiskLock>> lock_to_look(const std::string& path) override {
    Result<Fd> folder = lock_folder(path, LOCK_SH);
    if (!folder) return tl::unexpected(folder.error());
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    // Who may not read it may not read the rest either, and is told so there.
    if (!fd.is_open() && errno != ENOENT && errno != EACCES) return failed(errno, path);
    if (fd.is_open() && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0)
      return errno == EWOULDBLOCK ? in_use(path) : failed(errno, path);
    return std::make_unique<RealLock>(std::move(*folder), std::move(fd));
  }
};

}  // namespace

Disk& real_disk() {
  static RealDisk disk;
  return disk;
}

}  // namespace mqz::os
