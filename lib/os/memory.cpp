#include "lib/os/memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

#include "lib/os/fd.h"

namespace mqz::os {

// /proc/self/statm: the second number is the resident set in pages.
std::size_t resident_bytes() {
  const Fd fd(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  std::array<char, 128> room;
  const ssize_t got = fd.is_open() ? ::read(fd.get(), room.data(), room.size()) : 0;
  if (got <= 0) return 0;
  const std::string_view text(room.data(), static_cast<std::size_t>(got));
  const std::size_t at = text.find(' ');
  if (at == std::string_view::npos) return 0;
  std::size_t pages = 0;
  std::from_chars(text.data() + at + 1, text.data() + text.size(), pages);
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void return_freed_memory() { ::malloc_trim(0); }

}  // namespace mqz::os
