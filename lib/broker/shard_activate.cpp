// How a shard that has had nothing to do comes to have a part in everything. Until then nobody
// tells it anything or waits for it, so a broker under little load works as if it had one shard.
#include <bit>
#include <utility>

#include "lib/broker/shard.h"
#include "lib/mqtt/topic.h"

namespace mqz::broker {

// The socket goes to the shard of the client's session, with all that the client has sent.
void Shard::hand_over(Connection& connection, ShardIndex to, AdoptMail mail) {
  connection.transport = -1;
  connection.state = ConnectionState::closed;
  touch(connection);
  const auto waiting = newcomers_.find(to);
  if (waiting != newcomers_.end()) return waiting->second.push_back(std::move(mail));
  if ((active_ & bit_of(to)) != 0) return send_mail(to, std::move(mail));
  newcomers_[to].push_back(std::move(mail));
  activate(to);
}

void Shard::activate(ShardIndex shard) {
  const std::uint64_t token = ++last_token_;
  Settlement settlement{.newcomer = shard};
  settlement.waiting = static_cast<std::size_t>(std::popcount(active_)) - 1;
  send_mail_to_others(ActivateMail{shard, token});
  active_ |= bit_of(shard);
  tell_everything(shard);
  if (settlement.waiting == 0) return finish_activation(shard);
  settlements_.emplace(token, std::move(settlement));
}

void Shard::finish_activation(ShardIndex newcomer) {
  send_mail(newcomer, ActiveMail{active_, places_applied_});
  const auto waiting = newcomers_.find(newcomer);
  for (AdoptMail& mail : waiting->second) send_mail(newcomer, std::move(mail));
  newcomers_.erase(waiting);
}

void Shard::on_activate(ShardIndex from, const ActivateMail& mail) {
  active_ |= bit_of(mail.shard);
  tell_everything(mail.shard);
  send_mail(from, SettledMail{mail.token});
}

void Shard::tell_everything(ShardIndex newcomer) {
  subscriptions_.for_each_filter([&](std::string filter, bool has_durable) {
    if (has_durable) send_mail(newcomer, InterestMail{filter, true, true});
    send_mail(newcomer, InterestMail{std::move(filter), true, false});
  });
  groups_.for_each([&](Group& group) {
    const std::string filter(mqtt::parse_shared(group.filter)->filter);
    send_mail(newcomer, InterestMail{filter, true, false});
    if (group.durable_count() > 0) send_mail(newcomer, InterestMail{filter, true, true});
  });
}

}  // namespace mqz::broker
