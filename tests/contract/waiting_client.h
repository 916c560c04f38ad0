// A client of a running broker, for one thread of a test: its calls wait, each for a bounded time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/backend/mqtt/client.h"
#include "lib/os/poller.h"

namespace mqz::contract {

class WaitingClient final : private backend::PubSubEvents {
 public:
  struct Options {
    std::uint16_t port = 0;
    std::string client_id{};
    bool clean_start = true;
    std::uint32_t session_expiry_s = 0;
  };
  explicit WaitingClient(const Options& options);

  // False: the connection ended, or nothing came for half a minute. `error` may say why.
  bool connect();
  bool subscribe(std::string_view filter, mqtt::Qos qos);
  bool publish(std::string_view topic, std::string_view payload, mqtt::Qos qos,
               bool retain = false);
  bool wait_until(const std::function<bool()>& done);
  bool wait_for_acknowledgements();
  bool finish();  // says goodbye; without it the connection breaks off with the object

  const std::vector<std::string>& received() const { return received_; }  // payloads
  bool session_present() const { return session_present_; }
  bool has_ended() const { return ended_; }
  const std::string& error() const { return error_; }

 private:
  void on_connected(const backend::Connected& connected) override;
  bool on_message(const mqtt::Publish& message) override;
  void on_published(const backend::Published&) override {}
  void on_subscribed(std::uint16_t, Bytes) override { ++subscribed_; }
  void on_unsubscribed(std::uint16_t, Bytes) override {}
  void on_waiting(const Error&, Millis) override {}
  void on_ended(const Error* why) override;

  os::Poller poller_;
  std::unique_ptr<backend::PubSub> client_{};
  std::vector<std::string> received_{};
  std::string error_{};
  std::size_t subscribed_ = 0;
  bool connected_ = false;
  bool session_present_ = false;
  bool ended_ = false;
};

}  // namespace mqz::contract
