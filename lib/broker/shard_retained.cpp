// Retained messages: kept on the front, read in slices by new subscriptions anywhere (3.3.1.3).
#include <algorithm>
#include <bit>

#include "lib/base/rules.h"
#include "lib/broker/shard.h"

namespace mqz::broker {
namespace {

constexpr std::size_t slice_nodes = 1024;
constexpr std::size_t replaced_enough = 1024;
constexpr std::size_t outbox_enough = 256 * 1024;  // a read waits while this much is unwritten

bool due_later(const auto& a, const auto& b) { return a.due > b.due; }

}  // namespace

void Shard::set_retained(const MessageRef& message) {
  if (!MQZ_RULE(retained_kept)) return;
  if (MQZ_RULE(retained_removed) && message->payload().empty()) {
    retained_.erase(message->topic());
    return;
  }
  retained_.set(message);
  const auto expires = message->expires();
  if (!expires) return;
  retained_expiries_.push_back({*expires, message});
  const auto later = [](const auto& a, const auto& b) { return due_later(a, b); };
  std::ranges::push_heap(retained_expiries_, later);
  // A value that is often replaced leaves its predecessors here until they would have expired.
  if (retained_expiries_.size() > 2 * retained_.size() + replaced_enough) {
    std::erase_if(retained_expiries_, [&](const RetainedExpiry& one) {
      const MessageRef* kept = retained_.find(one.message->topic());
      return kept == nullptr || *kept != one.message;
    });
    std::ranges::make_heap(retained_expiries_, later);
  }
  arm_retained_expiry();
}

void Shard::arm_retained_expiry() {
  if (retained_expiries_.empty() || retained_expiries_.front().due >= retained_armed_) return;
  retained_armed_ = retained_expiries_.front().due;
  timers_.add({retained_armed_, {}, TimerKind::retained});
}

void Shard::expire_retained(MonoTime due) {
  if (due == retained_armed_) retained_armed_ = MonoTime::max();
  const auto later = [](const auto& a, const auto& b) { return due_later(a, b); };
  while (!retained_expiries_.empty() && retained_expiries_.front().due <= now_.mono) {
    const MessageRef* kept = retained_.find(retained_expiries_.front().message->topic());
    if (kept != nullptr && *kept == retained_expiries_.front().message) {
      const std::string topic((*kept)->topic());
      retained_.erase(topic);
    }
    std::ranges::pop_heap(retained_expiries_, later);
    retained_expiries_.pop_back();
  }
  arm_retained_expiry();
}

// What a session may have at QoS 1 and 2 is owed to it if it is durable.
OwedRead Shard::begin_read(Session& session, const OwnedEntry& entry, std::uint32_t identifier) {
  OwedRead wanted{.filter = entry.filter, .qos = entry.options.qos, .identifier = identifier};
  if (!session.durable || wanted.qos == mqtt::Qos::at_most_once) return wanted;
  wanted.number = ++session.last_read;
  return session.reads_owed.use().emplace_back(std::move(wanted));
}

std::uint64_t Shard::add_read(Session& session, const OwedRead& wanted) {
  auto read = std::make_unique<RetainedRead>(session.open_reads);
  read->token = ++last_token_;
  read->session = session.id;
  read->filter = wanted.filter;
  read->identifier = wanted.identifier;
  read->qos = wanted.qos;
  read->owed = wanted.number;
  read->passed.insert(wanted.given.begin(), wanted.given.end());
  const std::uint64_t token = read->token;
  reads_.emplace(token, std::move(read));
  return token;
}

void Shard::start_read(std::uint64_t token) {
  const auto at = reads_.find(token);
  if (at == reads_.end()) return;
  RetainedRead& read = *at->second;
  read.settled = true;
  if (is_front()) return find_retained({.key = token});
  read.started = true;
  read.asked = true;
  send_mail(front_shard, RetainedAskMail{token, read.filter});
}

// One slice; the read goes on in a later turn, or when the client has taken what is written.
void Shard::step_read(RetainedRead& read) {
  const std::uint64_t token = read.token;
  read.started = true;
  const Session* session = sessions_.find(read.session);
  if (session == nullptr || (session->connection == nullptr && !session->durable)) {
    reads_.erase(token);
    return;
  }
  std::size_t written = 0;
  while (written < read.found.size() && !is_behind(*session))
    deliver_retained(read, read.found[written++]);
  read.found.erase(read.found.begin(), read.found.begin() + static_cast<std::ptrdiff_t>(written));
  if (!read.found.empty() || is_behind(*session)) return;
  if (read.searched) return finish_read(token);
  if (is_front()) {
    if (!read.cursor && retained_.size() == 0) return finish_read(token);
    if (!read.cursor) read.cursor.emplace(retained_, read.filter);
    read.searched = !read.cursor->next(
        slice_nodes, [&](const MessageRef& message) { take_retained(read, message); });
    slice_taken(read);
  } else if (!read.asked) {
    read.asked = true;
    send_mail(front_shard, RetainedAskMail{token, {}});
  }
}

// Written is so much that more would be dropped, or only fill memory; see writable.
bool Shard::is_behind(const Session& session) const {
  return session.connection != nullptr &&
         session.connection->out.bytes() >= std::min(outbox_enough, settings_.outgoing_bytes_max);
}

void Shard::take_retained(RetainedRead& read, const MessageRef& message) {
  const Session* session = sessions_.find(read.session);
  if (session == nullptr) return;
  if (read.found.empty() && !is_behind(*session)) return deliver_retained(read, message);
  read.found.push_back(message);
}

void Shard::slice_taken(RetainedRead& read) {
  if (!read.found.empty()) return;
  if (read.searched) return finish_read(read.token);
  retained_ready_.push_back(read.token);
}

void Shard::deliver_retained(RetainedRead& read, const MessageRef& message) {
  Session* session = sessions_.find(read.session);
  if (session == nullptr || message->has_expired(now_.mono) || read.has_passed(message->topic()))
    return;
  const mqtt::Qos qos = std::min(read.qos, message->qos());
  if (session->durable && qos != mqtt::Qos::at_most_once) {
    ++read.proposed;
    return propose({.session = session->id,
                    .what = DeliverRecord{.message = message,
                                          .qos = qos,
                                          .retain = true,
                                          .identifier = read.identifier,
                                          .read = read.token,
                                          .owed_read = read.owed}});
  }
  Routed routed(message);
  DeliveryForm form{.qos = qos, .retain = true};
  if (read.identifier != 0) form.identifiers = {&read.identifier, 1};
  deliver(*session, routed, form);
}

// A retained value has its place in a durable session's queue. A newer one may have come before it.
bool Shard::is_still_due(const DeliverRecord& delivery) {
  const auto at = reads_.find(delivery.read);
  if (at == reads_.end()) return false;
  const bool has_passed = at->second->has_passed(delivery.message->topic());
  if (--at->second->proposed == 0 && at->second->finished) reads_.erase(at);
  return !MQZ_RULE(newest_value) || !has_passed;
}

void Shard::finish_read(std::uint64_t token) {
  const auto at = reads_.find(token);
  RetainedRead& read = *at->second;
  read.finished = true;
  if (read.owed != 0) propose({.session = read.session, .what = ReadDoneRecord{read.owed}});
  if (read.proposed == 0) reads_.erase(at);
}

// It has its place, in a session to which a read of retained messages is owed.
void Shard::note_given(Session& session, const DeliverRecord& delivery) {
  if (delivery.qos != mqtt::Qos::exactly_once || !session.reads_owed) return;
  auto& reads = session.reads_owed.use();
  const auto owed = std::ranges::find(reads, delivery.owed_read, &OwedRead::number);
  if (owed != reads.end()) owed->given.emplace(delivery.message->topic());
}

// An earlier life of the broker has not come to the end of what it owed.
void Shard::read_again(Session& session) {
  for (const OwedRead& owed : *session.reads_owed) start_read(add_read(session, owed));
}

std::uint64_t Shard::serve_key(ShardIndex shard, std::uint64_t token) {
  return (static_cast<std::uint64_t>(shard) << 48U) | token;
}

void Shard::on_retained_ask(ShardIndex from, const RetainedAskMail& mail) {
  const auto key = serve_key(from, mail.token);
  if (!mail.filter.empty()) {
    serves_[key] = std::make_unique<RetainedServe>(
        RetainedServe{mail.token, from, RetainedTree::Cursor(retained_, mail.filter)});
    return find_retained({.key = key, .is_serve = true});
  }
  serves_ready_.push_back(key);
}

// A read at the home waits until all is here that other shards published before they knew of the
// subscription, and then until that is committed. What the asker itself published came before.
void Shard::find_retained(WaitingRead read) {
  const bool only_asker = read.is_serve && std::popcount(active_) <= 2;
  if (only_asker || !MQZ_RULE(read_waits)) return find_committed(read);
  Settlement settlement{};
  settlement.read = read;
  settle(std::move(settlement), true);
}

void Shard::find_committed(WaitingRead read) {
  read.committed = proposed_;
  if (committed_ < proposed_) return reads_waiting_.push_back(read);
  if (read.is_serve) return serves_ready_.push_back(read.key);
  const auto at = reads_.find(read.key);
  if (at != reads_.end()) step_read(*at->second);
}

void Shard::wake_retained() {
  while (!reads_waiting_.empty() && reads_waiting_.front().committed <= committed_) {
    const WaitingRead& next = reads_waiting_.front();
    (next.is_serve ? serves_ready_ : retained_ready_).push_back(next.key);
    reads_waiting_.pop_front();
  }
}

// A live message may still be on its way here from its publisher's shard when its value, or that of
// a later one, comes from the home. It is to pass first.
void Shard::on_retained_slice(RetainedSliceMail mail) {
  if (mail.messages.empty() || std::popcount(active_) <= 2) return take_slice(std::move(mail));
  Settlement settlement{};
  settlement.slice = std::make_unique<RetainedSliceMail>(std::move(mail));
  settle(std::move(settlement), true);
}

void Shard::take_slice(RetainedSliceMail mail) {
  const auto at = reads_.find(mail.token);
  if (at == reads_.end()) {
    if (!mail.last) send_mail(front_shard, RetainedDropMail{mail.token});
    return;
  }
  RetainedRead& read = *at->second;
  read.asked = false;
  read.searched = mail.last;
  for (const MessageRef& message : mail.messages) take_retained(read, message);
  slice_taken(read);
}

void Shard::run_retained() {
  for (const std::uint64_t token : std::exchange(retained_ready_, {})) {
    const auto at = reads_.find(token);
    if (at != reads_.end()) step_read(*at->second);
  }
  for (const std::uint64_t key : std::exchange(serves_ready_, {})) {
    const auto at = serves_.find(key);
    if (at == serves_.end()) continue;
    RetainedServe& serve = *at->second;
    RetainedSliceMail slice{.token = serve.token};
    slice.last = !serve.cursor.next(
        slice_nodes, [&](const MessageRef& message) { slice.messages.push_back(message); });
    const bool last = slice.last;
    send_mail(serve.shard, std::move(slice));
    if (last) serves_.erase(at);
  }
}

void Shard::continue_reads(const Session& session) {
  if (session.open_reads == 0) return;
  for (const auto& [token, read] : reads_) {
    if (read->session == session.id && read->started && !read->asked && !read->finished)
      retained_ready_.push_back(token);
  }
}

// All of them, or those of a subscription that has ended: nothing new is found for it
// [MQTT-3.10.4-2].
void Shard::drop_reads(Session& session, std::string_view only_filter) {
  const auto is_dropped = [&](const auto& read) {
    return only_filter.empty() || read.filter == only_filter;
  };
  if (session.reads_owed) std::erase_if(session.reads_owed.use(), is_dropped);
  if (session.open_reads == 0) return;
  std::erase_if(reads_, [&](const auto& entry) {
    const RetainedRead& read = *entry.second;
    if (read.session != session.id || !is_dropped(read)) return false;
    // An answer on its way finds nobody, and says so to the home itself.
    if (!is_front() && read.started && !read.asked && !read.searched) {
      send_mail(front_shard, RetainedDropMail{entry.first});
    }
    return true;
  });
}

void Shard::note_passed(const Session& session, std::string_view topic) {
  for (const auto& [token, read] : reads_) {
    if (read->session == session.id && read->settled) read->passed.emplace(topic);
  }
}

}  // namespace mqz::broker
