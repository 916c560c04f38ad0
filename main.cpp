// The table of commands is commands/table.cpp.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "commands/dispatch.h"
#include "commands/exit_codes.h"

namespace {

// A standard descriptor that the caller closed must not become the number of something of ours. In
// its place stands one on which reading, or writing, fails as on a closed one.
void occupy_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) == -1) ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace

int main(int argc, char** argv) {
  occupy_standard_descriptors();
  try {
    return mqz::commands::dispatch(argc, argv, environ);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mqz: %s; this is a bug, please report it\n", error.what());
  }
  return static_cast<int>(mqz::commands::Exit::bug);
}
