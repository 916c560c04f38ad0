#include "commands/password.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <termios.h>
#include <unistd.h>

#include "commands/read_file.h"
#include "lib/os/fd.h"

namespace mqz::commands {
namespace {

// Switches the echo off while it lives.
class SilentTerminal {
 public:
  explicit SilentTerminal(int fd) : fd_(fd) {
    known_ = ::tcgetattr(fd, &before_) == 0;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (known_) ::tcsetattr(fd, TCSAFLUSH, &silent);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;
  ~SilentTerminal() {
    if (known_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
  }

 private:
  int fd_;
  bool known_ = false;
  termios before_{};
};

}  // namespace

Checked<std::string> read_password_file(const std::string& path) {
  auto text = read_file(path, "--password-file");
  if (text && text->ends_with('\n')) text->pop_back();
  return text;
}

Checked<std::string> ask_password(std::string_view for_what) {
  const os::Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (!terminal.is_open()) {
    return stop(Exit::usage, "there is no terminal to ask for the password",
                "give --password-file");
  }
  const std::string prompt = fmt::format("password for {}: ", for_what);
  [[maybe_unused]] const ssize_t shown = ::write(terminal.get(), prompt.data(), prompt.size());
  const SilentTerminal silence(terminal.get());
  std::string password;
  char sign = 0;
  while (::read(terminal.get(), &sign, 1) == 1 && sign != '\n') password.push_back(sign);
  [[maybe_unused]] const ssize_t ended = ::write(terminal.get(), "\n", 1);
  return password;
}

}  // namespace mqz::commands
