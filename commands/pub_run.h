// The publisher at work: reads messages while the client has room, counts what becomes of them, and
// knows how it ended.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "commands/connecting_line.h"
#include "commands/echo_check.h"
#include "commands/pub_plan.h"
#include "commands/pub_source.h"
#include "lib/os/poll_target.h"
#include "lib/os/signals.h"

namespace mqz::commands {

class Publisher final : private backend::PubSubEvents {
 public:
  Publisher(const PubPlan& plan, std::string path, os::Poller& poller, os::Signals& signals);
  ~Publisher() override;

  int run();

 private:
  struct Input final : os::PollTarget {
    explicit Input(Publisher& to) : owner(to) {}
    void on_poll(const os::PollEvent& event, MonoTime now) override;
    Publisher& owner;
  };
  struct SignalInput final : os::PollTarget {
    explicit SignalInput(Publisher& to) : owner(to) {}
    void on_poll(const os::PollEvent& event, MonoTime now) override;
    Publisher& owner;
  };

  void on_connected(const backend::Connected& connected) override;
  bool on_message(const mqtt::Publish& message) override;
  void on_published(const backend::Published& published) override;
  void on_subscribed(std::uint16_t request, Bytes reasons) override;
  void on_unsubscribed(std::uint16_t, Bytes) override {}
  void on_waiting(const Error& why, Millis delay) override;
  void on_ended(const Error* why) override;
  void on_packet(bool sent, std::string_view text) override;

  void turn();
  std::optional<Millis> patience(MonoTime now) const;
  void pump(MonoTime now);
  bool can_go_on() const;
  bool take_next();
  void publish_to_next_topic(MonoTime now);
  void pace(MonoTime now);
  void prompt();
  void watch_input();
  void stop_watching_input();
  void check_time(MonoTime now);
  void finish_when_done(MonoTime now);
  void subscribe();
  std::optional<MonoTime> verify_deadline() const;
  void reject(std::string text, bool denied);

  int conclude();
  Stop describe_rejections() const;
  std::string progress() const;
  void print_stats() const;

  const PubPlan& plan_;
  std::string path_;
  os::Poller& poller_;
  os::Signals& signals_;
  PubSource source_;
  Input input_{*this};
  SignalInput signal_input_{*this};
  std::unique_ptr<backend::PubSub> client_;
  ConnectingLine connecting_;

  bool up_ = false;
  bool topic_told_ = false;
  bool source_done_ = false;
  bool input_watched_ = false;
  bool starved_ = false;
  bool prompted_ = false;
  bool finishing_ = false;
  bool ended_ = false;
  std::optional<std::size_t> next_topic_{};  // of the message at hand

  std::uint64_t taken_ = 0;  // messages from the source
  std::uint64_t sent_ = 0;
  std::uint64_t owed_ = 0;  // sent with QoS 1 or 2
  std::uint64_t acked_ = 0;
  std::uint64_t rejected_ = 0;
  std::string first_rejection_{};
  bool all_denied_ = true;

  MonoTime started_{};
  MonoTime progress_at_{};
  std::optional<MonoTime> paced_until_{};
  std::optional<MonoTime> answer_deadline_{};
  bool may_send_request_ = false;  // what is to come back is subscribed
  bool answered_ = false;
  EchoCheck echoes_{};
  bool gave_up_echoes_ = false;
  std::optional<Stop> stop_{};
  int signal_ = 0;
};

}  // namespace mqz::commands
