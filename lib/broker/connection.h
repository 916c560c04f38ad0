// One network connection as its shard sees it. The shard owns it; the loop reads and writes for it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/slots.h"
#include "lib/base/time.h"
#include "lib/broker/message.h"
#include "lib/broker/outbox.h"
#include "lib/mqtt/types.h"

namespace mqz::broker {

struct Session;
struct Settings;

enum class ConnectionState : std::uint8_t {
  fresh,       // accepted; the first packet must be CONNECT
  connecting,  // CONNECT is proposed; nothing more is read until it is applied
  open,
  closing,  // what is in the outbox is written, then the connection closes
  closed,
};

// Topic aliases of one connection (3.3.2.3.4), made when first used.
struct TopicAliases {
  std::vector<std::string> topics{};  // index = alias - 1; empty: not set

  // The alias that stands for `topic`, or 0.
  std::uint16_t find(std::string_view topic) const {
    for (std::size_t at = 0; at < topics.size(); ++at) {
      if (topics[at] == topic) return static_cast<std::uint16_t>(at + 1);
    }
    return 0;
  }
};

// A connection that is to end.
struct Condemned {
  SlotId connection{};
  mqtt::Reason reason{};
  std::string_view why{};  // for the client, if there is more to say; a text that stays
};

// A message of a client before version 5 that waits for room on the disk, unacknowledged.
struct WithheldMessage {
  MessageRef message{};
  std::uint16_t packet_id = 0;
};

// What clients may not send for a while: messages, for which there is no memory; or whatever adds
// to a journal that does not get to the disk. Acknowledgements and PINGREQ always pass.
enum class Held : std::uint8_t { nothing, publishes, records };

struct Connection {
  SlotId id{};
  int transport = -1;  // the loop's name for it: a descriptor
  int polled = -1;     // the loop's: what its poller knows; stays when the transport is handed over
  mqtt::Version version = mqtt::Version::v5;
  ConnectionState state = ConnectionState::fresh;
  bool dirty = false;  // in the shard's list of connections with something to do
  bool input_waits =
      false;             // `partial` may hold whole packets: give it again once the state is open
  bool is_held = false;  // a PUBLISH of it is not taken at present: it is not read
  bool closed_by_client = false;    // it said DISCONNECT: nothing of ours is on its way
  bool is_paused = false;           // the loop's: not read at present
  bool is_flushing = false;         // the loop's: closing, and the socket takes no more at present
  bool write_blocked = false;       // the socket took no more; the loop waits for it
  bool problem_information = true;  // reason strings and user properties are welcome
  bool will_wanted = true;          // at the end of this connection
  bool id_assigned = false;         // the broker chose the client id
  bool is_bridge =
      false;  // 3.x with the bridge bit: gets RETAIN as published, and not its own messages
  bool keep_alive_told = false;  // the broker chose the keep-alive
  bool response_information_wanted = false;

  const Settings* settings = nullptr;  // of the listener it came in by
  std::uint16_t listener = 0;
  Session* session = nullptr;
  MonoTime last_packet{};
  MonoTime deadline = MonoTime::max();          // keep-alive, or the time to say CONNECT
  std::uint32_t packet_bytes_max = UINT32_MAX;  // what the client accepts
  std::uint16_t receive_max = 65'535;           // what the client accepts in flight
  std::uint16_t alias_out_max = 0;
  std::uint16_t keep_alive_s = 0;
  std::uint32_t expiry_asked_s = 0;
  std::optional<std::uint32_t> expiry_on_disconnect_s{};  // its DISCONNECT said so
  std::uint32_t publishes_proposed = 0;   // QoS 1/2 whose records are not yet applied
  std::uint16_t received_unanswered = 0;  // QoS 1/2 publishes of the client in progress

  Outbox out{};
  std::string partial{};  // the beginning of a packet whose rest has not come
  std::unique_ptr<TopicAliases> aliases_in{};
  std::unique_ptr<TopicAliases> aliases_out{};
  std::unique_ptr<std::vector<WithheldMessage>> withheld{};  // in order; never empty
};

}  // namespace mqz::broker
