#include "lib/broker/unreadable_messages.h"

namespace mqz::broker {

void UnreadableMessages::add(const UnreadableMessage& message) {
  all_[{message.session, message.position}] = {
      .address = message.address,
      .is_missing = message.unread.error.code == ErrorCode::not_found,
      .may_pass = message.unread.may_pass,
      .stamp = message.entry.stamp};
}

void UnreadableMessages::forget(std::uint64_t number, std::uint64_t in_queue,
                                std::uint64_t position) {
  const auto at = all_.find({number, in_queue});
  if (at != all_.end() && position > at->second.stamp) all_.erase(at);
}

// At the PUBREC of QoS 2, too: the message is not sent any more.
void UnreadableMessages::note(const Record& record) {
  if (all_.empty()) return;
  if (const auto* settle = std::get_if<SettleRecord>(&record.what))
    forget(record.number, settle->position, record.position);
  // A group's share is one of session 0.
  if (const auto* given = std::get_if<DeliverRecord>(&record.what); given && given->origin != 0)
    forget(0, given->origin, record.position);
  if (const auto* taken = std::get_if<GroupTakenRecord>(&record.what))
    forget(0, taken->origin, record.position);
  const auto* moved = std::get_if<MovedRecord>(&record.what);
  if (moved == nullptr) return;
  for (const QueuePlace& place : moved->places)
    forget(place.number, place.position, record.position);
}

void UnreadableMessages::end(const SessionLedger& ledger) {
  std::erase_if(
      all_, [&](const auto& one) { return one.first.first != 0 && !ledger.has(one.first.first); });
}

}  // namespace mqz::broker
