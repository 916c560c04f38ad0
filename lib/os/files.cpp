#include "lib/os/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace mqz::os {

namespace {

constexpr std::size_t bytes_max = std::size_t{16} << 20U;

tl::unexpected<Error> failed(int error, const std::string& path) {
  const ErrorCode code = error == ENOENT || error == ENOTDIR ? ErrorCode::not_found
                         : error == EACCES || error == EPERM ? ErrorCode::refused
                                                             : ErrorCode::io;
  return fail(code, path + ": " + std::generic_category().message(error));
}

class OpenFile {
 public:
  explicit OpenFile(const std::string& path)
      : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

}  // namespace

Result<std::string> DiskFiles::read(const std::string& path) const {
  const OpenFile file(path);
  if (file.number() < 0) return failed(errno, path);
  struct stat about {};
  if (::fstat(file.number(), &about) != 0) return failed(errno, path);
  if (S_ISDIR(about.st_mode)) return fail(ErrorCode::invalid, path + ": is a directory");
  std::string text;
  std::array<char, 16'384> room;
  for (;;) {
    const ssize_t bytes = ::read(file.number(), room.data(), room.size());
    if (bytes == 0) return text;
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return failed(errno, path);
    text.append(room.data(), static_cast<std::size_t>(bytes));
    if (text.size() > bytes_max) return fail(ErrorCode::invalid, path + ": larger than 16 MB");
  }
}

Result<std::vector<std::string>> DiskFiles::list(const std::string& directory) const {
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

}  // namespace mqz::os
