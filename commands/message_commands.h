// Runs a shell command for every message, one after another in their order: the payload is its
// input; its output is taken (without the newline at its end), or is ours. Topic, QoS and retain
// flag stand in MQZ_MESSAGE_TOPIC, _QOS and _RETAIN.
//
// Messages that wait are bounded by who adds them (is_crowded).
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "commands/owned_message.h"
#include "lib/os/child.h"
#include "lib/os/poll_target.h"

namespace mqz::commands {

class MessageCommands {
 public:
  struct Done {
    const mqtt::Publish& message;  // its payload is the command's output, if that is taken
    int status = 0;
    std::string_view complaint{};  // why it could not be started or fed; empty
  };
  using OnDone = std::function<void(const Done&)>;

  MessageCommands(os::Poller& poller, std::string command, bool takes_output, OnDone on_done);
  ~MessageCommands();
  MessageCommands(const MessageCommands&) = delete;
  MessageCommands& operator=(const MessageCommands&) = delete;

  void add(const mqtt::Publish& message);
  bool is_empty() const { return waiting_.empty(); }
  bool is_crowded() const;

  // What has ended is reported from here, and the next command started.
  void tick();

 private:
  struct Target final : os::PollTarget {
    explicit Target(MessageCommands& to) : owner(to) {}
    void on_poll(const os::PollEvent& event, MonoTime now) override;
    MessageCommands& owner;
  };

  void start();
  void watch(int fd, os::Interest interest);
  void feed();
  void drain();
  void close_input();
  void close_output();
  void report(int status, std::string_view complaint);

  os::Poller& poller_;
  std::string command_;
  bool takes_output_;
  OnDone on_done_;
  Target target_{*this};
  std::deque<OwnedMessage> waiting_{};  // the first is at work while child_ is there
  std::size_t waiting_bytes_ = 0;
  std::optional<os::Child> child_{};
  std::size_t fed_ = 0;
  std::string output_{};
};

}  // namespace mqz::commands
