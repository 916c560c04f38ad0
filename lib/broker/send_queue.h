// What a session still owes its client at QoS 1 and 2, in order: first what is in flight, then what
// waits. Pure: it decides what may be sent and what an acknowledgement means, others write bytes.
//
// Every entry has a position that only grows, and its packet identifier follows from the position;
// so identifiers need no bookkeeping, and the same enqueues give the same identifiers again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "lib/base/ring.h"
#include "lib/base/rules.h"
#include "lib/base/seldom.h"
#include "lib/base/slots.h"
#include "lib/broker/queued_message.h"
#include "lib/broker/share_source.h"
#include "lib/mqtt/types.h"

namespace mqz::broker {

enum class SendState : std::uint8_t {
  queued,
  sent,      // PUBLISH is out; awaits PUBACK or PUBREC
  released,  // PUBREC came; PUBREL is out, awaits PUBCOMP
  done,      // nothing more is to be sent; a durable session's until the record of that is applied
  retired,
};

// What few deliveries have.
struct DeliveryExtra {
  Seldom<std::vector<std::uint32_t>> more_identifiers{};  // of subscriptions, after the first
  ShareSourceRef share{};    // the shared group that picked this session
  std::uint64_t origin = 0;  // where the message that the group was given has its place

  SlotId group() const { return share ? share->group : SlotId{}; }
  std::string_view filter() const { return share ? share->filter : std::string_view{}; }
};

struct Outgoing {
  QueuedMessage message{};  // empty once sent by a session that will not resend it
  std::unique_ptr<DeliveryExtra> extra{};
  std::uint32_t identifier = 0;  // subscription identifier; 0 for none
  std::uint32_t cost = 0;        // bytes that count until it is retired
  mqtt::Qos qos{};
  bool retain = false;
  SendState state = SendState::queued;
};

// FORMAT: what an entry counts for beside the text of its message. Whether a message found room,
// and what snapshots say of entries, follow from it; so it stays as it is whatever memory they
// take.
inline constexpr std::size_t entry_cost = 56;

// What an entry counts for whose message has so many bytes of topic, properties and payload.
constexpr std::uint32_t cost_of(std::size_t text_bytes) {
  constexpr std::size_t most = UINT32_MAX;
  return static_cast<std::uint32_t>(text_bytes < most - entry_cost ? text_bytes + entry_cost
                                                                   : most);
}

class SendQueue {
 public:
  static constexpr std::uint64_t identifiers = 65'535;
  // No queue ever comes as far.
  static constexpr std::uint64_t positions_max = std::uint64_t{1} << 56U;

  static std::uint16_t packet_id(std::uint64_t position) {
    return static_cast<std::uint16_t>(1 + position % identifiers);
  }

  // How many may be in flight: the client's Receive Maximum and our own limit, 1 to 65 535.
  void set_window(std::uint16_t window) { window_ = window; }
  // 0: a durable session's client is not connected.
  std::uint16_t window() const { return window_; }

  // ---- Of a durable session: by the records that are applied, so it is the same again. ----

  // What a restart finds is older than what was sent: acknowledgements are lost with the end of the
  // journal, and more was sent in their place. So nothing is sent at or behind the reach, which
  // follows from records alone: a window of entries that are not settled, and those `ahead`, for
  // which the acknowledgements need not be on the disk. Who is behind it waits for a commit.
  struct Reach {
    std::uint64_t position = 0;
    std::uint16_t window = 0;
    std::uint16_t ahead = 0;
  };
  Reach reach() const { return {reach_, window_, ahead_}; }
  // Its client connects.
  void begin_use(std::uint16_t window);
  // Its connection has ended; positions below were sent over it, or earlier.
  void end_use(std::uint64_t sent_until);
  // The same when nobody knows: all within the reach may have been sent.
  void interrupt();
  // For the record of an entry that is finished: how many more acknowledgements may be under way to
  // the disk. More when the client has been kept waiting for it, less when it comes to rest.
  std::uint16_t ask_ahead();
  // That record is applied.
  void settle(std::uint64_t position, std::uint16_t ahead);
  // The same of a record that has the positions of another queue than this, which had at least as
  // many entries: here it settles nothing, and what that queue can have sent counts as sent.
  void settle_elsewhere(std::uint64_t position, std::uint16_t ahead);
  void end_use_elsewhere(std::uint64_t sent_until);

  void push(Outgoing outgoing);

  // Nothing waits and the window is open: the next push may be sent at once.
  bool is_open() const { return sent_ == ring_.end_position() && has_room(); }
  // The next entry to send, if there is one and the window is open. Mark it with mark_sent or skip.
  std::optional<std::uint64_t> next() const {
    if (sent_ == ring_.end_position() || !has_room()) return std::nullopt;
    return sent_;
  }
  Outgoing& at(std::uint64_t position) { return ring_.at(position); }
  const Outgoing& at(std::uint64_t position) const { return ring_.at(position); }
  // Was the entry sent on an earlier connection? Then DUP is set.
  bool was_sent(std::uint64_t position) const { return position < dup_until_; }

  void mark_sent(std::uint64_t position);                      // the one `next` gave
  void pass(std::uint64_t position) { sent_ = position + 1; }  // the one `next` gave is done

  // The entry in flight with that identifier.
  std::optional<std::uint64_t> find(std::uint16_t packet_id) const;
  // Is it there, and not retired? Positions of records may be of long ago.
  bool has(std::uint64_t position) const {
    return position >= ring_.begin_position() && position < ring_.end_position();
  }
  void mark_released(std::uint64_t position);
  // Nothing more is to be sent of it: it was acknowledged, or is not to be sent at all.
  void finish(std::uint64_t position);
  // The same, but what it was can still be read: a snapshot needs it until the record is applied.
  void give_back(std::uint64_t position);
  // It no longer counts, and its place is free once all before it are.
  void retire(std::uint64_t position);

  // The message of an entry that is parked is to be found here from now on.
  void move(std::uint64_t position, QueuedMessage message);

  // A new connection resumes: everything unfinished is to be sent again, marked as repeated.
  void rewind();

  // As a snapshot has it; on a new queue, before anything is pushed.
  void restore(std::uint64_t begin, std::uint64_t dup_until, const Reach& reach);
  // Positions up to `end` that nothing is known of count as retired. They take memory behind an
  // entry that is not retired.
  void fill(std::uint64_t end);
  // Positions below it were sent to a client whose connection is gone, or may have been.
  std::uint64_t dup_until() const { return dup_until_; }
  // The same, and what was sent on this connection.
  std::uint64_t sent_until() const { return dup_until_ > sent_ ? dup_until_ : sent_; }

  bool empty() const { return ring_.empty(); }
  std::size_t in_flight() const { return in_flight_; }
  std::size_t waiting() const { return static_cast<std::size_t>(ring_.end_position() - sent_); }
  std::size_t size() const { return ring_.size(); }
  // Bytes of all messages, and of their entries; what limits are about.
  std::size_t bytes() const { return bytes_; }
  std::uint64_t begin_position() const { return ring_.begin_position(); }
  std::uint64_t end_position() const { return ring_.end_position(); }
  // The message of an entry is no longer needed.
  void forget_message(std::uint64_t position);
  void shrink() { ring_.shrink(); }
  // Of a queue that nobody has any more: its first entries, as many as that, leave the memory.
  // Returns how many.
  std::size_t free_first(std::size_t count);

 private:
  bool has_room() const {
    return in_flight_ < window_ && sent_ - ring_.begin_position() < identifiers &&
           (sent_ < reach_ || !MQZ_RULE(send_reach));
  }
  bool is_kept_waiting() const;
  void count_unsettled();
  void extend_reach();
  void may_reach(std::uint64_t position);
  void pop_retired();

  Ring<Outgoing> ring_{};
  std::uint64_t sent_ = 0;       // positions below it were sent on this connection
  std::uint64_t dup_until_ = 0;  // positions below it were sent on an earlier one
  std::size_t bytes_ = 0;
  std::uint64_t reach_ = UINT64_MAX;
  std::uint64_t unsettled_ = 0;  // positions below the reach, as if there were that many
  std::uint32_t done_ = 0;       // and not retired
  std::uint32_t in_flight_ = 0;
  std::uint16_t window_ = 65'535;
  std::uint16_t ahead_ = 0;
  std::uint16_t asked_ = 0;  // of `ahead_`, by the last record
  bool is_quiet_ = false;    // no acknowledgement was under way when the last one came
};

}  // namespace mqz::broker
