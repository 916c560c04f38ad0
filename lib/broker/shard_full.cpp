// No room on the disk: what a publish would add to the journal is refused, withheld or dropped, so
// that what frees memory and disk can still be committed. Nothing is acknowledged and not kept.
#include "lib/broker/shard.h"

namespace mqz::broker {

using mqtt::Qos;

void Shard::set_journal_full(bool full) {
  if (full == is_journal_full_) return;
  is_journal_full_ = full;
  if (is_front() && options_.log != nullptr) {
    options_.log->write(full ? LogType::error : LogType::notice,
                        full ? "publishes that the store would have to keep are refused until it "
                               "has room"
                             : "the store has room again: every publish is taken");
  }
  if (full) return;
  for (const SlotId id : std::exchange(withholding_, {})) {
    Connection* connection = connections_.find(id);
    if (connection != nullptr && connection->state == ConnectionState::open)
      publish_withheld(*connection);
  }
  if (what_is_held_ == Held::nothing) release_held();
}

// The publisher of version 5 is told. Before, it has no answer yet: the message waits here, and it
// is not counted as received, so that the client may send it again on another connection.
void Shard::refuse_for_room(Routed& message, Session& publisher, Connection& connection,
                            std::uint16_t packet_id) {
  if (message.qos() == Qos::at_most_once) {
    ++counters_.publishes_dropped;
    return;
  }
  if (message.qos() == Qos::exactly_once) publisher.received.erase(packet_id);
  if (connection.version == mqtt::Version::v5) {
    ++counters_.publishes_refused;
    return answer_publish(connection, message.qos(), packet_id, mqtt::Reason::quota_exceeded);
  }
  if (connection.withheld == nullptr) {
    connection.withheld = std::make_unique<std::vector<WithheldMessage>>();
    withholding_.push_back(connection.id);
  }
  connection.withheld->push_back({message.block(), packet_id});
}

// The client sends it again though it is on the same connection.
bool Shard::is_withheld(const Connection& connection, std::uint16_t packet_id) const {
  if (connection.withheld == nullptr) return false;
  for (const WithheldMessage& one : *connection.withheld) {
    if (one.packet_id == packet_id) return true;
  }
  return false;
}

// No further PUBLISH of it is taken.
bool Shard::withholds_enough(const Connection& connection) const {
  return connection.withheld != nullptr &&
         connection.withheld->size() >= connection.settings->receive_max;
}

void Shard::publish_withheld(Connection& connection) {
  const auto withheld = std::exchange(connection.withheld, nullptr);
  for (const WithheldMessage& one : *withheld) {
    if (connection.state != ConnectionState::open) return;
    Routed message(one.message);
    if (message.qos() == Qos::exactly_once) connection.session->received.insert(one.packet_id);
    publish(message, connection.session, &connection, one.packet_id);
    run_committed();
  }
}

}  // namespace mqz::broker
