// The messages of QoS 1 and 2 that were published and are not yet acknowledged: each keeps its
// encoded packet until its last acknowledgement, so that nothing is lost with a connection.
//
// A message's packet identifier is its place here plus one: an acknowledgement finds its message
// without search, and what is counted are 64-bit numbers, never identifiers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/mqtt/types.h"

namespace mqz::backend {

class Inflight {
 public:
  enum class State : std::uint8_t {
    empty,
    waiting,   // not yet sent on this connection
    sent,      // PUBLISH sent
    released,  // QoS 2: PUBREC received, PUBREL sent or to be sent again
  };

  struct Message {
    std::uint64_t number{};
    std::string packet{};  // the encoded PUBLISH
    mqtt::Qos qos{};
    State state = State::empty;
    bool on_the_wire = false;  // sent on this connection: only then can it be acknowledged
    // The server may hold this identifier from an earlier process of the same client id; see
    // MqttSession::free_stale_id. Both belong to the place and survive the message.
    bool id_is_clean = false;
    bool waits_for_stale_pubcomp = false;
  };

  // The largest window: identifiers above it stay free for SUBSCRIBE and UNSUBSCRIBE.
  static constexpr std::size_t window_max = 65'000;

  std::size_t size() const { return used_; }
  std::size_t bytes() const { return bytes_; }

  // A place for a message; its packet string is empty. The caller encodes into it, then calls kept.
  std::uint16_t take(std::uint64_t number, mqtt::Qos qos);
  void kept(std::uint16_t packet_id) { bytes_ += at(packet_id).packet.size(); }
  void release(std::uint16_t packet_id);

  Message& at(std::uint16_t packet_id) { return messages_[packet_id - 1U]; }
  std::size_t places() const { return messages_.size(); }
  // nullptr for an identifier that no message has.
  Message* find(std::uint16_t packet_id);

  // Every identifier in use, oldest message first.
  std::vector<std::uint16_t> in_order() const;

 private:
  std::vector<Message> messages_{};
  std::vector<std::uint16_t> free_{};  // used as a stack
  std::size_t used_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace mqz::backend
