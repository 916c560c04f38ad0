// Messages and requests.
#include <utility>

#include "lib/backend/mqtt/paho_client.h"

namespace mqz::backend {

bool PahoClient::has_room() const {
  return phase_ == Phase::open && to_send_again_.empty() && kept_.size() < limits_.window &&
         kept_bytes_ < options_.connect.inflight_bytes_max &&
         open_at_most_once_.size() < options_.connect.inflight_max &&
         open_bytes_ < options_.connect.outbox_bytes_max;
}

Result<std::uint64_t> PahoClient::publish(const mqtt::Publish& message) {
  if (!has_room()) return fail(ErrorCode::unavailable, "no room for a message now");
  const mqtt::Version version = options_.connect.version;
  if (version != mqtt::Version::v5 && !message.properties.empty()) {
    mqtt::Publish without = message;
    without.properties = {};
    return publish(without);
  }
  if (auto allowed = check_allowed(limits_, message, version); !allowed) {
    return tl::unexpected(allowed.error());
  }
  if (session_is_foreign_ && message.qos == mqtt::Qos::exactly_once) {
    return fail(
        ErrorCode::refused,
        "the server has a session of an earlier run, in which QoS 2 cannot go on over ws://");
  }
  const std::uint64_t number = ++last_number_;
  if (message.qos == mqtt::Qos::at_most_once) {
    const std::size_t bytes = message.topic.size() + message.payload.size();
    open_at_most_once_.emplace(number, bytes);
    open_bytes_ += bytes;
  } else {
    Kept kept{message.qos,
              message.retain,
              std::string(message.topic),
              std::string(as_text(message.payload)),
              {}};
    for (auto at = message.properties.begin(); at != message.properties.end(); ++at) {
      kept.properties.encoded(at.encoded());
    }
    kept_bytes_ += kept.bytes();
    kept_.emplace(number, std::move(kept));
  }
  if (auto given = give(number, message); !given) {
    if (given.error().code == ErrorCode::refused) {
      forget(number);
      return tl::unexpected(given.error());
    }
    if (message.qos == mqtt::Qos::at_most_once) ++sent_at_most_once_;
    take_back(number);
  }
  return number;
}

Result<void> PahoClient::give(std::uint64_t number, const mqtt::Publish& message) {
  if (auto given = link_->publish(number, message); !given) return given;
  if (message.qos == mqtt::Qos::at_most_once) ++sent_at_most_once_;
  if (options_.connect.trace) {
    trace(true, "PUBLISH (q" + std::to_string(static_cast<int>(message.qos)) + ", '" +
                    std::string(message.topic) + "', " + std::to_string(message.payload.size()) +
                    " bytes)");
  }
  return {};
}

// After a connection was lost; oldest first, in the same order.
void PahoClient::send_again() {
  if (phase_ != Phase::open) return;
  for (const std::uint64_t number : std::exchange(to_send_again_, {})) {
    const Kept& kept = kept_.at(number);
    if (session_is_foreign_ && kept.qos == mqtt::Qos::exactly_once) {
      PahoEvent unsafe;
      unsafe.number = number;
      unsafe.code = static_cast<int>(mqtt::Reason::packet_identifier_in_use);
      complete(unsafe);
      continue;
    }
    mqtt::Publish message;
    message.qos = kept.qos;
    message.retain = kept.retain;
    message.topic = kept.topic;
    message.payload = as_bytes(kept.payload);
    message.properties = kept.properties.view();
    if (!give(number, message)) to_send_again_.insert(number);
  }
}

void PahoClient::complete(const PahoEvent& event) {
  if (open_at_most_once_.count(event.number) != 0) return forget(event.number);
  auto kept = kept_.extract(event.number);
  if (kept.empty()) return;
  kept_bytes_ -= kept.mapped().bytes();
  to_send_again_.erase(event.number);
  Published published{event.number, static_cast<mqtt::Reason>(event.code), {}, {}};
  if (is_failure(published.reason)) {
    published.topic = kept.mapped().topic;
    published.why = event.properties.view().text(mqtt::PropertyId::reason_string).value_or("");
  }
  trace(false, kept.mapped().qos == mqtt::Qos::exactly_once ? "PUBCOMP" : "PUBACK");
  events_.on_published(published);
}

// Paho did not send it, or does not know. What it was given with QoS 0 is counted when the
// connection is lost.
void PahoClient::take_back(std::uint64_t number) {
  if (kept_.count(number) != 0) to_send_again_.insert(number);
  if (open_at_most_once_.count(number) != 0) forget(number);
}

void PahoClient::forget(std::uint64_t number) {
  if (const auto open = open_at_most_once_.find(number); open != open_at_most_once_.end()) {
    open_bytes_ -= open->second;
    open_at_most_once_.erase(open);
  }
  if (const auto kept = kept_.extract(number); !kept.empty()) kept_bytes_ -= kept.mapped().bytes();
}

void PahoClient::forget_at_most_once() {
  uncertain_ += std::exchange(sent_at_most_once_, 0);
  open_at_most_once_.clear();
  open_bytes_ = 0;
}

void PahoClient::deliver() {
  if (!mailbox_.has_messages()) return;
  for (const PahoEvent& event : mailbox_.take_messages()) {
    if (deaf_) return;
    mqtt::Publish message;
    message.dup = event.dup;
    message.qos = event.qos;
    message.retain = event.retain;
    message.topic = event.text;
    message.packet_id = event.qos == mqtt::Qos::at_most_once ? std::uint16_t{} : event.packet_id;
    message.properties = event.properties.view();
    message.payload = as_bytes(event.payload);
    deaf_ = !events_.on_message(message);
  }
}

Result<std::uint16_t> PahoClient::subscribe(Bytes entries, mqtt::PropertyView properties) {
  if (phase_ != Phase::open) return fail(ErrorCode::unavailable, "not connected");
  const std::uint16_t request = ++last_request_;
  if (auto asked = link_->subscribe(request, entries, properties); !asked) {
    return tl::unexpected(asked.error());
  }
  trace(true, "SUBSCRIBE");
  return request;
}

Result<std::uint16_t> PahoClient::unsubscribe(Bytes filters, mqtt::PropertyView properties) {
  if (phase_ != Phase::open) return fail(ErrorCode::unavailable, "not connected");
  const std::uint16_t request = ++last_request_;
  if (auto asked = link_->unsubscribe(request, filters, properties); !asked) {
    return tl::unexpected(asked.error());
  }
  trace(true, "UNSUBSCRIBE");
  return request;
}

}  // namespace mqz::backend
