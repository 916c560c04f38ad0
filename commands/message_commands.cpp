#include "commands/message_commands.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "lib/os/errno_text.h"

namespace mqz::commands {
namespace {

constexpr std::size_t messages_max = 100;
constexpr std::size_t bytes_max = 1U << 20U;
constexpr std::size_t output_max = 256U << 20U;  // beyond it the command writes to nobody

}  // namespace

MessageCommands::MessageCommands(os::Poller& poller, std::string command, bool takes_output,
                                 OnDone on_done)
    : poller_(poller),
      command_(std::move(command)),
      takes_output_(takes_output),
      on_done_(std::move(on_done)) {}

MessageCommands::~MessageCommands() {
  if (!child_) return;
  close_input();
  close_output();
  poller_.remove(child_->end_fd());
}

void MessageCommands::Target::on_poll(const os::PollEvent&, MonoTime) {}

bool MessageCommands::is_crowded() const {
  return waiting_.size() >= messages_max || waiting_bytes_ >= bytes_max;
}

void MessageCommands::add(const mqtt::Publish& message) {
  waiting_.emplace_back(message);
  waiting_bytes_ += message.payload.size();
}

void MessageCommands::watch(int fd, os::Interest interest) {
  if (fd < 0) return;
  [[maybe_unused]] const auto added =
      poller_.add(fd, interest, static_cast<os::PollTarget*>(&target_));
}

void MessageCommands::start() {
  const OwnedMessage& message = waiting_.front();
  fed_ = 0;
  output_.clear();
  os::ChildPlan plan{command_,
                     {"MQZ_MESSAGE_TOPIC=" + message.topic,
                      "MQZ_MESSAGE_QOS=" + std::to_string(static_cast<int>(message.head.qos)),
                      "MQZ_MESSAGE_RETAIN=" + std::to_string(message.head.retain ? 1 : 0)},
                     takes_output_};
  auto started = os::Child::start(plan);
  if (!started) return report(127, started.error().text);
  child_.emplace(std::move(*started));
  watch(child_->end_fd(), os::Interest::read);
  watch(child_->input_fd(), os::Interest::write);
  watch(child_->output_fd(), os::Interest::read);
}

void MessageCommands::tick() {
  while (child_ || !waiting_.empty()) {
    if (!child_) start();
    if (!child_) continue;
    feed();
    drain();
    const auto status = child_->reap();
    if (!status) return;
    drain();  // what it wrote last; what its own children still write is not waited for
    close_input();
    close_output();
    poller_.remove(child_->end_fd());
    child_.reset();
    report(*status, {});
  }
}

void MessageCommands::feed() {
  const std::string& payload = waiting_.front().payload;
  while (child_->input_fd() >= 0) {
    if (fed_ == payload.size()) return close_input();
    const ssize_t wrote = ::write(child_->input_fd(), payload.data() + fed_, payload.size() - fed_);
    if (wrote < 0 && errno == EAGAIN) return;
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return close_input();  // it does not want to know
    fed_ += static_cast<std::size_t>(wrote);
  }
}

void MessageCommands::drain() {
  std::array<char, 65'536> room{};
  while (child_->output_fd() >= 0) {
    const ssize_t got = ::read(child_->output_fd(), room.data(), room.size());
    if (got < 0 && errno == EAGAIN) return;
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return close_output();
    output_.append(room.data(), static_cast<std::size_t>(got));
    if (output_.size() > output_max) return close_output();
  }
}

void MessageCommands::close_input() {
  if (child_->input_fd() < 0) return;
  poller_.remove(child_->input_fd());
  child_->close_input();
}

void MessageCommands::close_output() {
  if (child_->output_fd() < 0) return;
  poller_.remove(child_->output_fd());
  child_->close_output();
}

void MessageCommands::report(int status, std::string_view complaint) {
  OwnedMessage message = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= message.payload.size();
  // The message stands for itself where its command failed.
  if (takes_output_ && status == 0) {
    if (output_.ends_with('\n')) output_.pop_back();
    message.payload = std::move(output_);
  }
  on_done_({message.view(), status, complaint});
}

}  // namespace mqz::commands
