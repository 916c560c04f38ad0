#include "tests/scenario/reconnecting.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mqz::scenario {
namespace {

using mqtt::Frame;
using mqtt::PacketType;

std::uint16_t first_number(const Frame& frame) {
  return frame.body.size() < 2 ? std::uint16_t{0} : load_u16(frame.body.data());
}

bool has_failed(const Frame& frame) {
  return frame.body.size() > 2 && std::to_integer<unsigned>(frame.body[2]) >= 0x80U;
}

constexpr char dup_bit = 0x08;

// The flags stand behind the name of the protocol and its level.
std::string without_clean_start(std::string connect) {
  const mqtt::Frame frame = mqtt::next_frame(as_bytes(connect)).frame;
  const std::size_t flags = frame.bytes - frame.body.size() + 2 + first_number(frame) + 1;
  connect[flags] = static_cast<char>(connect[flags] & ~0x02);
  return connect;
}

template <typename List>
auto find_id(List& list, std::uint16_t id) {
  return std::ranges::find(list, id, &List::value_type::id);
}

template <typename List>
void erase_id(List& list, std::uint16_t id) {
  std::erase_if(list, [id](const auto& one) { return one.id == id; });
}

}  // namespace

void Reconnecting::complain(const Link& link, const std::string& text) {
  complaints_ += fmt::format("\n  {}: {}", link.client_id, text);
}

void Reconnecting::connect(const std::string& name) {
  links_[name] = {};
  broker_.connect(name);
}

void Reconnecting::drop(const std::string& name) {
  pump(name);
  links_.erase(name);
  broker_.drop(name);
}

void Reconnecting::hold_publishers(bool hold) {
  holds_publishers_ = hold;
  broker_.hold_publishers(hold);
}

void Reconnecting::fill_disk(bool full) {
  is_disk_full_ = full;
  broker_.fill_disk(full);
}

void Reconnecting::restart() {
  links_.clear();
  holds_publishers_ = false;
  is_disk_full_ = false;
  broker_.restart();
}

// ---- From a client to the broker. ----

void Reconnecting::send(const std::string& name, Bytes bytes) {
  Link& link = links_.at(name);
  link.to_broker += as_text(bytes);
  for (;;) {
    const mqtt::FrameResult cut = mqtt::next_frame(as_bytes(link.to_broker));
    if (cut.status != mqtt::FrameStatus::complete) break;
    note_sent(link, cut.frame, as_bytes(link.to_broker).first(cut.frame.bytes));
    link.to_broker.erase(0, cut.frame.bytes);
  }
  broker_.send(name, bytes);
}

void Reconnecting::note_sent(Link& link, const Frame& frame, Bytes packet) {
  const std::uint16_t id = first_number(frame);
  switch (frame.type) {
    case PacketType::connect: {
      const auto connect = mqtt::decode_connect(frame);
      if (!connect) return;
      link.connect = as_text(packet);
      link.client_id = connect->client_id;
      link.version = connect->version;
      link.is_clean = connect->clean_start;
      const auto expiry =
          connect->properties.number(mqtt::PropertyId::session_expiry_interval).value_or(0);
      link.is_durable = link.version == mqtt::Version::v5 ? expiry != 0 : !connect->clean_start;
      return;
    }
    case PacketType::publish: {
      const auto publish = mqtt::decode_publish(frame, link.version);
      if (!publish || publish->qos == mqtt::Qos::at_most_once) return;
      std::string again(as_text(packet));
      again[0] = static_cast<char>(again[0] | dup_bit);
      erase_id(client(link).sent, publish->packet_id);
      client(link).sent.push_back({publish->packet_id, std::move(again)});
      return;
    }
    case PacketType::pubrel: {
      const auto at = find_id(client(link).sent, id);
      if (at != client(link).sent.end()) at->packet = as_text(packet);
      return;
    }
    case PacketType::puback:
    case PacketType::pubcomp: return erase_id(client(link).received, id);
    case PacketType::pubrec: {
      if (has_failed(frame)) return erase_id(client(link).received, id);
      const auto at = find_id(client(link).received, id);
      if (at != client(link).received.end() && at->state == Received::State::sent)
        at->state = Received::State::acknowledged;
      return;
    }
    default: return;
  }
}

// ---- From the broker to a client. ----

std::string Reconnecting::take_output(const std::string& name) {
  pump(name);
  const auto at = links_.find(name);
  return at == links_.end() ? broker_.take_output(name) : std::exchange(at->second.output, {});
}

void Reconnecting::pump(const std::string& name) {
  const auto at = links_.find(name);
  if (at == links_.end()) return;
  Link& link = at->second;
  link.from_broker += broker_.take_output(name);
  for (;;) {
    const mqtt::FrameResult cut = mqtt::next_frame(as_bytes(link.from_broker));
    if (cut.status != mqtt::FrameStatus::complete) break;
    if (note_received(link, cut.frame)) link.output += link.from_broker.substr(0, cut.frame.bytes);
    link.from_broker.erase(0, cut.frame.bytes);
  }
}

bool Reconnecting::note_received(Link& link, const Frame& frame) {
  const std::uint16_t id = first_number(frame);
  Client& known = client(link);
  switch (frame.type) {
    case PacketType::connack: return note_connack(link, frame);
    case PacketType::publish: return note_publish(link, frame);
    case PacketType::puback:
    case PacketType::pubcomp: erase_id(known.sent, id); return true;
    case PacketType::pubrec: {
      const auto at = find_id(known.sent, id);
      if (at != known.sent.end()) at->packet.clear();
      if (has_failed(frame)) erase_id(known.sent, id);
      return true;
    }
    case PacketType::pubrel: {
      if (is_again(link, id, "", Received::State::released)) return false;
      const auto at = find_id(known.received, id);
      if (at == known.received.end()) return true;
      at->state = Received::State::released;
      at->is_here = true;
      return true;
    }
    default: return true;
  }
}

bool Reconnecting::note_connack(Link& link, const Frame& frame) {
  // 3.1 does not say whether there was a session.
  const bool has_session = link.version == mqtt::Version::v31
                               ? link.resumes || !link.is_clean
                               : (std::to_integer<unsigned>(frame.body[0]) & 1U) != 0;
  link.is_open = frame.body[1] == std::byte{0};
  if (link.is_open && !has_session) {
    if (link.resumes) complain(link, "its session is gone");
    clients_[link.client_id] = {};
  }
  if (!link.resumes) {
    for (Received& one : client(link).received) one.is_here = false;
    return true;
  }
  if (!link.is_open) complain(link, "is refused");
  return false;
}

bool Reconnecting::note_publish(Link& link, const Frame& frame) {
  const auto publish = mqtt::decode_publish(frame, link.version);
  if (!publish || publish->qos == mqtt::Qos::at_most_once) return true;
  const std::string what =
      fmt::format("{} [{}]", publish->topic, as_text(publish->payload).substr(0, 64));
  if (publish->dup && is_again(link, publish->packet_id, what, Received::State::sent)) return false;
  auto& received = client(link).received;
  const auto at = find_id(received, publish->packet_id);
  if (at != received.end()) {
    at->is_here = true;
    return true;
  }
  if (link.resumes && publish->dup) complain(link, what + " was not sent before");
  received.push_back({publish->packet_id, what});
  return true;
}

bool Reconnecting::is_again(Link& link, std::uint16_t id, const std::string& what,
                            Received::State state) {
  const auto at = find_id(link.again, id);
  if (at == link.again.end()) return false;
  if (at != link.again.begin()) complain(link, fmt::format("{} comes too early", id));
  if (at->state != state) complain(link, fmt::format("{} comes as another packet", id));
  // The topic may be an alias once and a text the next time.
  const auto payload_of = [](const std::string& text) { return text.substr(text.rfind(" [") + 1); };
  if (state == Received::State::sent && payload_of(at->what) != payload_of(what))
    complain(link, fmt::format("{} was {} and is {}", id, at->what, what));
  link.again.erase(at);
  return true;
}

// ---- The restart. ----

bool Reconnecting::can_restart() {
  for (auto& [name, link] : links_) pump(name);
  std::erase_if(links_, [&](const auto& entry) {
    return entry.second.output.empty() && broker_.is_closed(entry.first);
  });
  return !links_.empty() && std::ranges::all_of(links_, [&](const auto& entry) {
    const Link& link = entry.second;
    return broker_.is_closed(entry.first) || link.connect.empty() ||
           (link.is_open && link.is_durable && !link.client_id.empty());
  });
}

std::optional<std::string> Reconnecting::restart_unseen(Ending ending) {
  std::vector<std::string> names;
  for (const auto& [name, link] : links_) {
    if (!broker_.is_closed(name)) names.push_back(name);
  }
  if (ending == Ending::stopped) broker_.stop();
  broker_.restart();
  if (holds_publishers_) broker_.hold_publishers(true);
  if (is_disk_full_) broker_.fill_disk(true);
  for (const std::string& name : names) resume(name);
  for (const std::string& name : names) send_again(name);
  if (complaints_.empty()) return std::nullopt;
  return "after the restart" + std::exchange(complaints_, {});
}

void Reconnecting::resume(const std::string& name) {
  Link& link = links_.at(name);
  broker_.connect(name);
  if (link.connect.empty()) return;
  link.is_open = false;
  link.resumes = true;
  link.from_broker.clear();
  link.again = client(link).received;
  std::erase_if(link.again, [](const Received& one) {
    return !one.is_here || one.state == Received::State::acknowledged;
  });
  broker_.send(name, as_bytes(without_clean_start(link.connect)));
  pump(name);
  for (const Received& lost : link.again)
    complain(link, fmt::format("{}: {} does not come again", lost.id, lost.what));
  link.again.clear();
}

void Reconnecting::send_again(const std::string& name) {
  Link& link = links_.at(name);
  for (const Sent& sent : client(link).sent) {
    if (!sent.packet.empty()) broker_.send(name, as_bytes(sent.packet));
  }
  if (!link.to_broker.empty()) broker_.send(name, as_bytes(link.to_broker));
}

}  // namespace mqz::scenario
