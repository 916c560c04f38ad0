#include "commands/password.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <initializer_list>
#include <iterator>
#include <optional>

#include "commands/read_file.h"
#include "lib/os/fd.h"
#include "lib/os/signals.h"

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

constexpr std::initializer_list<int> ending_signals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

// Up to the end of the line. The signal that came before it, if one did.
std::optional<int> read_line(int terminal, const os::Signals& signals, std::string& line) {
  for (;;) {
    pollfd waiting[] = {{signals.fd(), POLLIN, 0}, {terminal, POLLIN, 0}};
    ::poll(waiting, std::size(waiting), -1);
    if (const auto signal = signals.take()) return signal;
    if (waiting[1].revents == 0) continue;
    char sign = 0;
    if (::read(terminal, &sign, 1) != 1 || sign == '\n') return std::nullopt;
    line.push_back(sign);
  }
}

void unblock(std::initializer_list<int> which) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : which) sigaddset(&set, signal);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

// As if nobody had held the signal up.
void end_by(int signal) {
  ::signal(signal, SIG_DFL);
  unblock({signal});
  ::raise(signal);
}

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
  // A signal must not end it while the terminal is silent: it would stay so.
  const auto signals = os::Signals::open(ending_signals);
  if (!signals) return tl::unexpected(stop_for(signals.error()));
  const std::string prompt = fmt::format("password for {}: ", for_what);
  [[maybe_unused]] const ssize_t shown = ::write(terminal.get(), prompt.data(), prompt.size());
  std::string password;
  std::optional<int> signal;
  {
    const SilentTerminal silence(terminal.get());
    signal = read_line(terminal.get(), *signals, password);
  }
  [[maybe_unused]] const ssize_t ended = ::write(terminal.get(), "\n", 1);
  if (signal) end_by(*signal);
  unblock(ending_signals);
  return password;
}

}  // namespace mqz::commands
