// One shard of the broker: its connections, sessions, subscriptions and timers, as a state machine.
// It takes bytes, mail and time, and leaves bytes in outboxes, mail for other shards and a list of
// connections that have something to do. It sees no socket, no clock and no other thread.
//
// Its parts, by file: shard.cpp (input, output, mail), shard_connect.cpp (CONNECT to the end of a
// connection), shard_session.cpp (sessions, wills, expiry), shard_publish.cpp (PUBLISH of a client,
// routing), shard_deliver.cpp (to one session), shard_ack.cpp, shard_subscribe.cpp,
// shard_groups.cpp, shard_retained.cpp, shard_full.cpp (no room on the disk), shard_apply.cpp
// (committed records), shard_replay.cpp; beside it shard_sending.h, shard_moving.h, shard_sys.h,
// shard_returns.h, and for snapshots shard_snapshot.h and shard_restore.h.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "lib/base/slots.h"
#include "lib/base/time.h"
#include "lib/broker/client_sessions.h"
#include "lib/broker/connection.h"
#include "lib/broker/counters.h"
#include "lib/broker/delivery_form.h"
#include "lib/broker/directory.h"
#include "lib/broker/dying_queues.h"
#include "lib/broker/event_log.h"
#include "lib/broker/groups.h"
#include "lib/broker/interest.h"
#include "lib/broker/mail.h"
#include "lib/broker/owed_shares.h"
#include "lib/broker/parked_messages.h"
#include "lib/broker/placement.h"
#include "lib/broker/publish_writer.h"
#include "lib/broker/retained_read.h"
#include "lib/broker/retained_tree.h"
#include "lib/broker/route.h"
#include "lib/broker/routed.h"
#include "lib/broker/sequencer.h"
#include "lib/broker/session.h"
#include "lib/broker/settings.h"
#include "lib/broker/settlement.h"
#include "lib/broker/shard_moving.h"
#include "lib/broker/shard_returns.h"
#include "lib/broker/shard_sending.h"
#include "lib/broker/shard_sys.h"
#include "lib/broker/subscriptions.h"
#include "lib/broker/timers.h"
#include "lib/mqtt/decode.h"
#include "lib/mqtt/encode.h"

namespace mqz::broker {

// The first shard is the front: it accepts connections, has the directory of client ids, the
// sequencer, the retained messages and the shared groups.
inline constexpr ShardIndex front_shard = 0;
inline constexpr ShardIndex shards_max = 60;

// The bit of Interest for durable sessions of all other shards; shards have the bits of their
// index.
inline constexpr unsigned durable_interest = 63;

class ShardSnapshot;
struct RestoredState;

class Shard {
 public:
  struct Options {
    ShardIndex index = 0;
    ShardIndex count = 1;
    Settings settings{};
    std::uint64_t hash_seed = 0;
    std::uint64_t name_seed = 0;  // for client ids that the broker assigns
    Placement placement = Placement::pack;
    std::unique_ptr<Sequencer> sequencer{};  // the front's
    std::vector<Settings> listeners{};       // per listener; empty: `settings` holds for all
    std::uint32_t sys_interval_s = 0;        // 0: no $SYS topics
    TurnLimits turn{};
    std::string version{};
    std::string durability = "memory";  // what an acknowledgement promises, for $SYS
    EventLog* log = nullptr;
    std::string repair_command{};                              // for the log
    std::string (*peer_of)(int transport) = nullptr;           // for the log
    std::atomic<std::size_t>* connections = nullptr;           // of all shards
    std::atomic<std::size_t>* listener_connections = nullptr;  // the same, per listener
  };
  explicit Shard(Options options);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Time as it is for everything until the next call.
  void set_now(Now now) { now_ = now; }
  // Once, after the first set_now.
  void start();

  // Input. A connection may be gone (state closed) after any of these, but its object lives until
  // release.
  Connection& accept(int transport, std::uint16_t listener = 0);
  // Takes what it can use of `input`; returns how many bytes. The rest is to be given again, with
  // more.
  std::size_t receive(Connection& connection, Bytes input);
  void lost(Connection& connection);
  // Its outbox has become empty or the socket takes bytes again.
  void writable(Connection& connection);
  void receive_mail(ShardIndex from, Mail mail);
  void tick();
  // What clients send of this is left unread until less is held.
  void hold(Held what);
  Held held() const { return what_is_held_; }
  // While the disk has no room, what a publish adds to the journal is refused (5: 0x97), withheld
  // (before: its answer waits until there is room) or dropped (QoS 0); everything else goes on.
  void set_journal_full(bool full);
  bool is_journal_full() const { return is_journal_full_; }
  // The front's: in the place of the one it was made with, which was given nothing yet.
  void use(std::unique_ptr<Sequencer> sequencer) { options_.sequencer = std::move(sequencer); }
  // The front's: the system's wall clock was stepped.
  void set_clock(const ClockRecord& clock) { propose({.what = clock}); }
  // Reads back what the journal has.
  void use(std::unique_ptr<ParkedMessages> parked) { parked_ = std::move(parked); }
  // The front's: empties segments of the journal of what queues have there.
  void empty_segments(const std::vector<std::uint32_t>& segments);
  // Wherever it is, of an entry that counts for so much.
  ReadMessage message_of(const QueuedMessage& message, std::uint32_t cost);

  // Replay's, before anything else, in this order: begin_replay, records by restore_place or
  // note_replayed and apply, end_replay with the bits of the shards that have a part in anything,
  // propose_owed.
  void begin_replay();
  ShardIndex restore_place(const ConnectRecord& record, ShardIndex wanted);
  void note_replayed(Record& record);
  void apply(Record& record);
  void end_replay(std::uint64_t active);
  void propose_owed();
  const Session* find_session(std::string_view client_id) const {
    return client_sessions_.find(client_id);
  }

  // Writes the durable state, in slices beside everything else.
  ShardSnapshot& snapshot() { return *snapshot_; }
  // All records up to here that concern it are applied.
  std::uint64_t applied() const { return applied_; }
  void set_applied(std::uint64_t position) { applied_ = position; }

  // The broker stops: every client is told (5: 0x8B) and its connection closed.
  void drain();

  // Output.
  std::optional<MonoTime> next_deadline() const;
  // There is work left that needs no input: call tick again in this turn or the next.
  bool has_work() const;
  // Connections with bytes to write or to be closed; cleared by the call.
  std::vector<SlotId> take_dirty() { return std::exchange(dirty_, {}); }
  bool has_dirty() const { return !dirty_.empty(); }
  Connection* find_connection(SlotId id) const { return connections_.find(id); }
  // A closing connection cannot be written at once: it becomes `closed` after a second.
  void limit_closing(Connection& connection);
  // The loop has closed (or handed over) the transport of a connection that was `closed`.
  void release(Connection& connection);
  // Mail for the other shards since the last call, by shard.
  std::vector<std::vector<Mail>>& mail() { return mail_; }
  // For placement: how busy each shard is, in thousandths; told by the loop.
  void set_loads(std::span<const std::uint16_t> loads) { placer_.note(loads, connections_.size()); }

  // The turn is over: what was proposed in it is on its way.
  void flush() {
    if (options_.sequencer) options_.sequencer->flush();
  }

  void count_sent(std::size_t bytes) { counters_.bytes_sent += bytes; }

  ShardIndex index() const { return options_.index; }
  Counters counters() const;
  std::size_t connection_count() const { return connections_.size(); }
  std::size_t session_count() const { return sessions_.size(); }
  std::size_t subscription_count() const { return subscriptions_.size(); }
  std::size_t retained_count() const { return retained_.size(); }
  std::size_t timer_count() const { return timers_.size(); }
  std::size_t retained_expiry_count() const { return retained_expiries_.size(); }

 private:
  // shard.cpp
  bool is_front() const { return options_.index == front_shard; }
  std::size_t packet_bytes_max(const Connection& connection) const;
  std::size_t unread_bytes_max() const;
  void handle(Connection& connection, const mqtt::Frame& frame);
  void handle_open(Connection& connection, const mqtt::Frame& frame);
  bool holds(Connection& connection, mqtt::PacketType type);
  void release_held();
  void touch(Connection& connection);
  template <typename Packet>
  void write(Connection& connection, const Packet& packet);
  void cannot_answer(Connection& connection);
  void send_mail(ShardIndex to, Mail mail);
  void send_mail_to_others(const Mail& mail);  // the other active shards
  bool must_wait(ShardIndex from, const Mail& mail) const;
  bool is_alone() const { return active_ == bit_of(options_.index); }
  static std::uint64_t bit_of(ShardIndex index) { return std::uint64_t{1} << index; }
  // Ends a connection for a reason: version 5 is told, 3.x is closed.
  void refuse(Connection& connection, mqtt::Reason reason, std::string_view why = {});
  void close(Connection& connection);
  void propose(Record&& record);
  void propose_here(Record&& record);  // the front's
  void run_committed();
  void run(Record& record);
  void end_condemned();
  bool is_void(const Timer& timer) const;

  // shard_connect.cpp
  void on_connect(Connection& connection, const mqtt::Frame& frame);
  std::optional<mqtt::Reason> check_connect(const Connection& connection,
                                            const mqtt::Connect& packet) const;
  void refuse_connect(Connection& connection, mqtt::Reason reason);
  void connect_here(Connection& connection, const mqtt::Connect& packet, std::string client_id,
                    std::uint64_t claim);
  void adopt(AdoptMail mail);
  void take_limits(Connection& connection, const mqtt::Connect& packet);
  void open(Connection& connection, const ConnectRecord& record);
  Session* displace(std::string_view client_id);
  struct Begun {
    Session& session;
    bool resumes;
  };
  Begun begin_session(const ConnectRecord& record);
  mqtt::PropertyWriter connack_properties(const Connection& connection, std::string_view client_id,
                                          std::uint32_t expiry_s) const;
  bool takes_connack(const Connection& connection, const mqtt::Connect& packet,
                     std::string_view client_id) const;
  void write_connack(Connection& connection, bool session_present);
  void on_disconnect(Connection& connection, const mqtt::Frame& frame);
  void on_auth(Connection& connection, const mqtt::Frame& frame);
  void take_over(Session& session);
  void connect_abandoned(const ConnectRecord& record);

  // shard_activate.cpp
  void hand_over(Connection& connection, ShardIndex to, AdoptMail mail);
  void activate(ShardIndex shard);
  void on_activate(ShardIndex from, const ActivateMail& mail);
  void tell_everything(ShardIndex newcomer);
  void finish_activation(ShardIndex newcomer);

  // shard_session.cpp
  Session& make_session(const ConnectRecord& record);
  void detach(Connection& connection);  // the connection has ended; its session may go on
  void disconnected(Session& session, const DisconnectRecord& record);
  void expire_at(Session& session, MonoTime time);
  void fire_will_at(Session& session, MonoTime time);
  void apply_start(const StartRecord& record);
  void publish_will(const Will& will, Session* session, std::uint64_t claim);
  void end_session(Session& session);
  void fire_will(Session& session);
  void tell_directory(const Session& session);
  void resume(Session& session);
  void on_session_timer(const Timer& timer);
  void on_connection_timer(const Timer& timer);
  void arm_keep_alive(Connection& connection);

  // shard_publish.cpp
  void on_publish(Connection& connection, const mqtt::Frame& frame);
  bool resolve_alias(Connection& connection, mqtt::Publish& packet);
  std::optional<mqtt::Reason> refuse_publish(const mqtt::Publish& packet) const;
  void answer_publish(Connection& connection, mqtt::Qos qos, std::uint16_t packet_id,
                      mqtt::Reason reason);
  void publish(Routed& message, Session* publisher, Connection* connection, std::uint16_t packet_id,
               std::uint64_t will_claim = 0);
  bool needs_place(const Routed& message, const Route& route, const Session* publisher,
                   const Connection* connection, std::uint64_t will_claim) const;

  // shard_full.cpp
  void refuse_for_room(Routed& message, Session& publisher, Connection& connection,
                       std::uint16_t packet_id);
  bool is_withheld(const Connection& connection, std::uint16_t packet_id) const;
  bool withholds_enough(const Connection& connection) const;
  void publish_withheld(Connection& connection);
  bool feed_live(Routed& message, const Route& route, bool has_place);
  void apply_publish(const Record& record, const PublishRecord& publish);

  // shard_deliver.cpp
  void deliver(Session& session, Routed& message, const DeliveryForm& form);
  void deliver_kept(Session& session, Routed& message, const DeliveryForm& form);
  void done_with(Session& session, std::uint64_t position, Settled how);
  void share_taken(std::string_view filter, std::uint64_t origin, mqtt::Qos qos);
  void deliver_qos0(Session& session, Routed& message, const DeliveryForm& form);
  bool make_room(Session& session, Routed& message);
  void enqueue(Session& session, Routed& message, const DeliveryForm& form);
  void count_drop(Session& session, std::string_view why, LogType type = LogType::warning);

  // shard_ack.cpp
  void on_puback(Connection& connection, const mqtt::Ack& ack);
  void on_pubrec(Connection& connection, const mqtt::Ack& ack);
  void on_pubrel(Connection& connection, const mqtt::Ack& ack);
  void on_pubcomp(Connection& connection, const mqtt::Ack& ack);
  void write_ack(Connection& connection, mqtt::PacketType type, std::uint16_t packet_id,
                 mqtt::Reason reason);
  void complete_release(Connection& connection, std::uint16_t packet_id);
  void acknowledged(Session& session, std::uint64_t position);
  void apply_settle(Session& session, Connection* connection, const SettleRecord& record);

  // shard_subscribe.cpp
  void on_subscribe(Connection& connection, const mqtt::Frame& frame);
  void on_unsubscribe(Connection& connection, const mqtt::Frame& frame);
  // `accepted`: how many entries of the same packet were.
  mqtt::Reason check_entry(const Connection& connection, const mqtt::SubscribeEntry& entry,
                           std::size_t accepted) const;
  void subscribe(Session& session, Connection* connection, const SubscribeRecord& record);
  void unsubscribe(Session& session, Connection* connection, const UnsubscribeRecord& record);
  bool add_subscription(Session& session, const OwnedEntry& entry, std::uint32_t identifier,
                        std::vector<std::uint64_t>& reads);
  bool drop_subscription(Session& session, std::string_view filter);
  void announce(const Subscriptions::Change& change, std::string_view filter);

  void settle(Settlement settlement, bool others_changed);
  void on_settle(ShardIndex from, const SettleMail& mail);
  void on_settled(const SettledMail& mail);
  void complete(Settlement& settlement);

  // shard_groups.cpp
  void join_group(Session& session, const OwnedEntry& entry, std::uint32_t identifier);
  void note_joins(const Record& record);
  void leave_joined(const Record& record, const SubscribeRecord& subscribe);
  void leave_group(Session& session, std::string_view filter);
  void tell_presence(Session& session, bool present);
  void on_group_join(const GroupJoinMail& mail);
  void on_group_leave(const GroupLeaveMail& mail);
  bool is_recorded(const Group& group, std::uint64_t origin) const;
  void owe_share(const std::string& filter, std::uint64_t origin, QueuedMessage message,
                 std::uint32_t cost);
  void give_up_share(const std::string& filter, std::uint64_t origin);
  void give_up_shares(const std::string& filter);
  bool feed_group(Group& group, Routed& message, const Record* record = nullptr);
  bool give_share(Group& group, Routed& message, std::uint64_t origin,
                  const GroupMember* not_to = nullptr);
  void on_group_deliver(ShardIndex from, GroupDeliverMail mail);
  void return_to_group(GroupReturnMail mail);
  void return_unacknowledged(Session& session, std::string_view only_filter);
  bool is_returned(const Session& session, std::uint64_t position,
                   std::string_view only_filter) const;

  // shard_retained.cpp
  void set_retained(const MessageRef& message);
  OwedRead begin_read(Session& session, const OwnedEntry& entry, std::uint32_t identifier);
  std::uint64_t add_read(Session& session, const OwedRead& wanted);
  void start_read(std::uint64_t token);
  void step_read(RetainedRead& read);
  bool is_behind(const Session& session) const;
  void take_retained(RetainedRead& read, const MessageRef& message);
  void slice_taken(RetainedRead& read);
  void deliver_retained(RetainedRead& read, const MessageRef& message);
  bool is_still_due(const DeliverRecord& delivery);
  void finish_read(std::uint64_t token);
  void on_retained_ask(ShardIndex from, const RetainedAskMail& mail);
  void on_retained_slice(RetainedSliceMail mail);
  void take_slice(RetainedSliceMail mail);
  void find_retained(WaitingRead read);
  void find_committed(WaitingRead read);
  void drop_reads(Session& session, std::string_view only_filter = {});
  static void note_given(Session& session, const DeliverRecord& delivery);
  void read_again(Session& session);
  void note_passed(const Session& session, std::string_view topic);
  void continue_reads(const Session& session);
  void run_retained();
  void wake_retained();
  void expire_retained(MonoTime due);
  void arm_retained_expiry();
  static std::uint64_t serve_key(ShardIndex shard, std::uint64_t token);

  // shard_log.cpp
  bool logs_connections() const;
  void log_open(const Connection& connection) const;
  void log_end(const Connection& connection, std::string_view how) const;
  void log_refused(const Connection& connection, mqtt::Reason reason) const;
  void log_drop(const Session& session, std::string_view why, LogType type) const;
  void log_subscription(const Session& session, std::string_view filter, int qos) const;
  bool is_full(const Connection& connection) const;
  void count_connection(const Connection& connection, std::ptrdiff_t change);

  // shard_restore.cpp
  friend class ShardSnapshot;
  friend class ShardRestore;
  friend class ShardMoving;
  friend class ShardReturns;
  friend class ShardSending;
  friend class ShardSys;
  friend class ShardApply;
  friend class HeldSessions;
  // Does the snapshot that the session came from know what happened there?
  bool is_reflected(const Session& session, std::uint64_t position) const;

  // shard_replay.cpp
  void note_received(const Record& record, const PublishRecord& publish);
  void note_topic(const Record& record);
  bool is_newest(const DeliverRecord& delivery, std::uint64_t position) const;
  void forget_share(const Record& record);
  void resettle(Session& session, const SettleRecord& record);
  MonoTime mono_of(WallTime time) const { return now_.mono + (time - now_.wall); }

  Options options_;
  const Settings& settings_;
  Now now_{};
  Counters counters_{};

  Slots<Connection> connections_{};
  Slots<Session> sessions_{};
  ClientSessions client_sessions_{};
  // Client ids with a ConnectRecord on its way: what else connects with them waits behind it.
  std::unordered_multiset<std::string> connects_proposed_{};
  Subscriptions subscriptions_;
  Groups groups_;      // the front's
  Interest interest_;  // of the other shards
  Routes routes_;
  RetainedTree retained_;  // the front's
  Timers timers_{};

  Directory directory_{};     // the front's
  std::uint64_t active_ = 0;  // bits of the shards that have a part in anything, this one included
  std::unordered_map<ShardIndex, std::vector<AdoptMail>>
      newcomers_{};  // becoming active, and their first connections
  Placer placer_;    // the front's
  std::unique_ptr<ParkedMessages> parked_{};
  ShardSending sending_{*this, options_.turn.sends};
  ShardMoving moving_{*this};
  ShardSys sys_{*this};                                      // the front's
  ShardReturns returns_{*this, options_.turn.sends.a_turn};  // the front's
  ShareSources share_sources_{};
  DyingQueues dying_{options_.turn.freed};
  std::uint64_t assigned_ids_ = 0;

  Bytes fresh_input_{};  // while a first packet is handled: all that came, from it on
  Held what_is_held_ = Held::nothing;
  std::vector<SlotId> held_{};  // connections with a packet that is not taken
  bool is_journal_full_ = false;
  std::vector<SlotId> withholding_{};  // connections with messages that wait for room
  // Limits of durable queues, which the records of this life of the broker obey.
  std::uint64_t queue_bytes_max_ = 0;
  std::uint64_t queue_messages_max_ = 0;
  bool is_replaying_ = false;
  std::unordered_map<std::uint64_t, Will> wills_owed_{};  // by claim; due, and not yet published
  OwedShares shares_owed_{};                              // the front's
  // QoS 2 identifiers of durable publishers whose records are on their way.
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint16_t>> received_proposed_{};
  ClockRecord clock_{};  // the front's, as last applied
  std::uint64_t applied_ = 0;
  std::unique_ptr<ShardSnapshot> snapshot_;
  std::unique_ptr<RestoredState> restored_;  // until all that is older is replayed
  bool is_draining_ = false;
  bool is_running_committed_ = false;
  std::size_t records_left_ = options_.turn.records;  // of this turn
  bool leaves_committed_ = false;                     // there may be some for the next one
  std::uint64_t last_token_ = 0;
  std::unordered_map<std::uint64_t, Settlement> settlements_{};
  std::unordered_map<std::uint64_t, std::unique_ptr<RetainedRead>> reads_{};
  std::vector<std::uint64_t> retained_ready_{};  // tokens of reads that can go on
  std::unordered_map<std::uint64_t, std::unique_ptr<RetainedServe>> serves_{};
  std::vector<std::uint64_t> serves_ready_{};

  // The front's: how many records were proposed and committed, and the reads that wait until what
  // had been proposed when they came is committed; then no value can be older than what the
  // subscriber has missed.
  std::uint64_t proposed_ = 0;
  std::uint64_t committed_ = 0;
  std::deque<WaitingRead> reads_waiting_{};

  std::vector<RetainedExpiry> retained_expiries_{};  // a heap, earliest first
  MonoTime retained_armed_ = MonoTime::max();        // the timer that is set for them

  // Connections to be ended once the message that overran them has been routed.
  std::vector<Condemned> condemned_{};
  std::vector<SlotId> dirty_{};
  std::vector<std::vector<Mail>> mail_{};
  std::uint64_t places_applied_ = 0;  // of messages, here; all shards apply the same ones
  std::vector<std::pair<ShardIndex, Mail>> mail_held_{};  // until more of them are
};

// Not for PUBLISH. A packet larger than the client accepts goes without its properties,
// or not at all [MQTT-3.1.2-24].
template <typename Packet>
void Shard::write(Connection& connection, const Packet& packet) {
  std::size_t size = mqtt::encoded_size(packet, connection.version);
  if (size <= connection.packet_bytes_max) {
    mqtt::encode(packet, connection.version, connection.out.reserve(size));
  } else {
    Packet plain = packet;
    plain.properties = {};
    size = mqtt::encoded_size(plain, connection.version);
    if (size > connection.packet_bytes_max) return cannot_answer(connection);
    mqtt::encode(plain, connection.version, connection.out.reserve(size));
  }
  touch(connection);
}

}  // namespace mqz::broker
