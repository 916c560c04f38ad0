// One of Paho's asynchronous clients, for WebSocket. Every callback of its threads becomes an event
// in the mailbox; every call of its user is a visit to it. Nothing of Paho runs before the first
// link exists; from then on its two threads run until the process ends.
#pragma once

#include <memory>
#include <string>

#include "lib/backend/mqtt/connect_options.h"
#include "lib/backend/mqtt/paho_mailbox.h"

namespace mqz::backend {

class PahoLink {
 public:
  // `uri` is ws://host:port/path; `id` stands in the link's events.
  PahoLink(PahoMailbox& mailbox, std::uint32_t id, const std::string& uri,
           const ConnectOptions& options);
  ~PahoLink();
  PahoLink(const PahoLink&) = delete;
  PahoLink& operator=(const PahoLink&) = delete;

  std::uint32_t id() const;

  // Each answers with an event, unless it fails at once. connect may be called again after the
  // connection was lost.
  Result<void> connect(const ConnectOptions& options, bool clean, std::size_t window);
  Result<void> publish(std::uint64_t number, const mqtt::Publish& message);
  Result<void> subscribe(std::uint16_t request, Bytes entries, mqtt::PropertyView properties);
  Result<void> unsubscribe(std::uint16_t request, Bytes filters, mqtt::PropertyView properties);
  Result<void> disconnect(mqtt::Reason reason, mqtt::PropertyView properties);

 private:
  struct Paho;
  std::unique_ptr<Paho> paho_;
};

}  // namespace mqz::backend
