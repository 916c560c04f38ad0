#include "lib/os/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include "lib/os/errno_text.h"

extern char** environ;

namespace mqz::os {
namespace {

struct Pipe {
  Fd read{};
  Fd write{};
};

Result<Pipe> make_pipe() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail(ErrorCode::io, "cannot make a pipe: " + errno_text(errno));
  }
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

void set_not_blocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

std::vector<char*> environment_with(std::vector<std::string>& more) {
  std::vector<char*> all;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view name_of(*one, std::strcspn(*one, "="));
    const bool replaced = std::any_of(more.begin(), more.end(), [&](const std::string& other) {
      return other.starts_with(name_of) && other[name_of.size()] == '=';
    });
    if (!replaced) all.push_back(*one);
  }
  for (std::string& one : more) all.push_back(one.data());
  all.push_back(nullptr);
  return all;
}

// 0 or an errno.
int spawn(const ChildPlan& plan, int input, int output, pid_t& pid) {
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  if (output >= 0) ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawnattr_t attributes{};
  ::posix_spawnattr_init(&attributes);
  sigset_t set;
  sigemptyset(&set);
  ::posix_spawnattr_setsigmask(&attributes, &set);
  sigaddset(&set, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&attributes, &set);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> words{"sh", "-c", plan.shell_command};
  char* const arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  std::vector<std::string> more = plan.environment;
  const std::vector<char*> environment = environment_with(more);
  const int error =
      ::posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments, environment.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

Result<Child> Child::start(const ChildPlan& plan) {
  auto input = make_pipe();
  if (!input) return tl::unexpected(input.error());
  Pipe output;
  if (plan.captures_output) {
    auto made = make_pipe();
    if (!made) return tl::unexpected(made.error());
    output = std::move(*made);
  }
  pid_t pid = 0;
  if (const int error = spawn(plan, input->read.get(), output.write.get(), pid); error != 0) {
    return fail(ErrorCode::io, "cannot start /bin/sh: " + errno_text(error));
  }
  set_not_blocking(input->write.get());
  if (output.read.is_open()) set_not_blocking(output.read.get());
  // Not through <sys/pidfd.h>: glibc 2.36 forgets extern "C" there.
  Fd end(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const int error = errno;
  Child child(pid, std::move(end), std::move(input->write), std::move(output.read));
  if (!child.end_.is_open()) {
    return fail(ErrorCode::io, "cannot watch a command: " + errno_text(error));
  }
  return child;
}

Child::Child(int pid, Fd end, Fd input, Fd output)
    : pid_(pid), end_(std::move(end)), input_(std::move(input)), output_(std::move(output)) {}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      end_(std::move(other.end_)),
      input_(std::move(other.input_)),
      output_(std::move(other.output_)) {}

Child::~Child() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::optional<int> Child::reap() {
  int status = 0;
  if (pid_ == 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace mqz::os
