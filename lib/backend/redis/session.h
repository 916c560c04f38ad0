// Redis publish/subscribe as a session of a client: PUBLISH, SUBSCRIBE, and PSUBSCRIBE for filters
// that have one of * ? [ in them.
//
// Redis answers every PUBLISH; until then its command is kept, and sent again on the next
// connection (so a message may arrive twice, never unsaid not at all). It keeps no messages: retain
// is refused, QoS is ignored, and what is published while a subscriber is away is lost to it.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/backend/wire_session.h"

struct redisReader;
struct redisReply;

namespace mqz::backend {

struct RedisOptions {
  std::optional<std::string> user_name{};
  std::optional<std::string> password{};
  std::optional<std::uint32_t> database{};  // channels do not depend on it, its being there does
  std::uint16_t keep_alive_s = 60;          // 0: no pings
  std::size_t inflight_max = 1000;
  std::size_t inflight_bytes_max = 4U << 20U;
};

class RedisSession final : public WireSession {
 public:
  RedisSession(RedisOptions options, PubSubEvents& events);
  ~RedisSession() override;

  void open(std::string_view where, MonoTime now) override;
  std::size_t receive(Bytes input, MonoTime now) override;
  void written(MonoTime now) override { sent_at_ = now; }
  void close(ClosedBy whom) override;
  void tick(MonoTime now, bool reading = true) override;
  std::optional<MonoTime> deadline() const override;

  bool is_connected() const override { return state_ == State::connected; }
  bool was_connected() const override { return was_connected_; }

  bool has_room() const override;
  Result<std::uint64_t> publish(const mqtt::Publish& message) override;
  Result<std::uint16_t> subscribe(Bytes entries, mqtt::PropertyView properties) override;
  Result<std::uint16_t> unsubscribe(Bytes filters, mqtt::PropertyView properties) override;
  std::size_t unacknowledged() const override { return kept_sizes_.size(); }
  void disconnect(mqtt::Reason reason, mqtt::PropertyView properties) override;

 private:
  enum class State : std::uint8_t { closed, greeting, connected };
  struct FreeReader {
    void operator()(redisReader* reader) const;
  };
  struct FreeReply {
    void operator()(redisReply* reply) const;
  };
  using Reply = std::unique_ptr<redisReply, FreeReply>;

  void send(const std::vector<std::string_view>& words);
  void take(const redisReply& reply);
  void take_greeting(const redisReply& reply);
  void take_push(const redisReply& reply);
  void take_publish_answer(const redisReply& reply);
  void deliver(std::string_view channel, std::string_view payload);
  void confirm_subscription(mqtt::Reason reason);
  void become_connected();
  void break_off(std::string text);

  RedisOptions options_;
  PubSubEvents& events_;
  std::string where_{};
  State state_ = State::closed;
  bool was_connected_ = false;
  bool deaf_ = false;
  std::unique_ptr<redisReader, FreeReader> reader_{};
  int greetings_open_ = 0;

  MonoTime sent_at_{};
  MonoTime received_at_{};
  std::optional<MonoTime> pinged_at_{};

  Outbox kept_{};                         // the commands of what is not yet answered, in order
  std::deque<std::size_t> kept_sizes_{};  // of each
  std::uint64_t last_number_ = 0;

  std::string granted_{};          // one reason per channel asked for
  std::size_t channels_open_ = 0;  // of them, not yet confirmed
  std::uint16_t last_request_ = 0;
};

}  // namespace mqz::backend
