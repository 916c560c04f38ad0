// The subscriber at work: receives messages, prints them, and knows when it is done.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "commands/connecting_line.h"
#include "commands/sub_output.h"
#include "commands/sub_plan.h"
#include "lib/os/poll_target.h"
#include "lib/os/signals.h"

namespace mqz::commands {

class Subscriber final : private backend::PubSubEvents {
 public:
  Subscriber(const SubPlan& plan, std::string path, os::Poller& poller, os::Signals& signals);
  ~Subscriber() override;

  int run();

 private:
  struct SignalInput final : os::PollTarget {
    explicit SignalInput(Subscriber& to) : owner(to) {}
    void on_poll(const os::PollEvent& event, MonoTime now) override;
    Subscriber& owner;
  };

  void on_connected(const backend::Connected& connected) override;
  bool on_message(const mqtt::Publish& message) override;
  void on_published(const backend::Published& published) override;
  void on_subscribed(std::uint16_t request, Bytes reasons) override;
  void on_unsubscribed(std::uint16_t request, Bytes reasons) override;
  void on_waiting(const Error& why, Millis delay) override;
  void on_ended(const Error* why) override;
  void on_packet(bool sent, std::string_view text) override;

  void turn();
  std::optional<Millis> patience(MonoTime now) const;
  void check_time(MonoTime now);
  void subscribe();
  void answered();
  bool is_wanted(const mqtt::Publish& message);
  void remove_retained(std::string_view topic);
  void send_removals();
  void finish_when_done(MonoTime now);
  void drain_output();
  int conclude();

  const SubPlan& plan_;
  std::string path_;
  os::Poller& poller_;
  os::Signals& signals_;
  SignalInput signal_input_{*this};
  SubOutput output_;
  std::unique_ptr<backend::PubSub> client_;
  ConnectingLine connecting_;

  bool subscribed_once_ = false;
  std::size_t requests_open_ = 0;
  bool some_refused_ = false;
  std::uint64_t printed_ = 0;
  std::uint64_t too_large_ = 0;
  std::vector<std::string> to_remove_{};
  std::uint64_t removed_ = 0;
  std::uint64_t random_ = 0;

  MonoTime now_{};
  MonoTime heard_at_{};
  std::optional<MonoTime> end_at_{};
  bool done_ = false;  // nothing more is wanted
  bool finishing_ = false;
  bool ended_ = false;
  bool timed_out_ = false;
  std::optional<Stop> stop_{};
  int signal_ = 0;
};

}  // namespace mqz::commands
