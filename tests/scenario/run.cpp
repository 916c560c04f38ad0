#include "tests/scenario/run.h"

#include <fmt/format.h>

#include <deque>
#include <map>

#include "tests/scenario/packet_text.h"

namespace mqz::scenario {

namespace {

using mqtt::Version;

// One client's side of a connection.
struct Peer {
  Version version = Version::v5;
  bool open = false;
  std::string unread{};                         // bytes that are no whole packet yet
  std::deque<PacketText> packets{};             // received and not yet expected
  std::map<std::string, std::string> topics{};  // what the broker's aliases stand for
};

using Failure = std::optional<std::string>;

class Player {
 public:
  Player(const Scenario& scenario, Version version, BrokerUnderTest& broker,
         const BetweenSteps& between)
      : scenario_(scenario), version_(version), broker_(broker), between_(between) {}

  Played play() {
    for (at_ = 0; at_ < scenario_.steps.size(); ++at_) {
      const int line = scenario_.steps[at_].line;
      if (Failure failure = between_ ? between_(at_) : Failure{})
        return {Outcome::interrupted, fmt::format("before line {}: {}", line, *failure)};
      if (Failure failure = step(scenario_.steps[at_])) {
        return {lacks_word_ ? Outcome::not_configurable : Outcome::failed,
                fmt::format("line {}: {}", line, *failure)};
      }
    }
    if (Failure failure = check_all_read()) return {Outcome::failed, "at the end: " + *failure};
    if (Failure failure = between_ ? between_(at_) : Failure{})
      return {Outcome::interrupted, "at the end: " + *failure};
    return {};
  }

 private:
  Failure step(const Step& now) {
    switch (now.kind) {
      case StepKind::configure: return configure(now);
      case StepKind::send: return send(now);
      case StepKind::send_raw: return send_bytes(now.words[0], now.words[1]);
      case StepKind::expect: return expect(now);
      case StepKind::expect_any_order: return expect_any_order();
      case StepKind::expect_closed: return expect_closed(now.words[0]);
      case StepKind::expect_nothing: return expect_nothing(now.words[0]);
      case StepKind::skip_rest: return skip_rest(now.words[0]);
      case StepKind::drop: return drop(now.words[0]);
      case StepKind::set_version: return set_version(now);
      case StepKind::advance: broker_.advance(now.time); return {};
      case StepKind::step_clock: broker_.step_clock(now.time); return {};
      case StepKind::restart: return restart();
      case StepKind::stop: broker_.stop(); return {};
      case StepKind::hold: broker_.hold_publishers(true); return {};
      case StepKind::release: broker_.hold_publishers(false); return {};
      case StepKind::fill_disk: broker_.fill_disk(true); return {};
      case StepKind::free_disk: broker_.fill_disk(false); return {};
    }
    return "unknown step";
  }

  Failure configure(const Step& now) {
    lacks_word_ = !broker_.configure(now.words[0], now.words[1]);
    if (lacks_word_) return "the broker has no setting " + now.words[0];
    return {};
  }

  Failure set_version(const Step& now) {
    peers_[now.words[0]].version = find_version(now.words[1]);
    return {};
  }

  Failure send(const Step& now) {
    Peer& peer = peers_[now.words[0]];
    const Result<PacketText> packet = substitute(now.packet, bindings_);
    if (!packet) return packet.error().text;
    if (packet->name == "CONNECT") peer.version = version_of(*packet, version_);
    const Result<std::string> bytes = encode_packet(*packet, peer.version, now.words[0]);
    if (!bytes) return bytes.error().text;
    return send_bytes(now.words[0], *bytes);
  }

  Failure send_bytes(const std::string& name, const std::string& bytes) {
    Peer& peer = peers_[name];
    if (!peer.open) {
      broker_.connect(name);
      peer.open = true;
      peer.unread.clear();
      peer.topics.clear();
    } else if (broker_.is_closed(name)) {
      return name + " cannot send: the broker has closed the connection";
    }
    broker_.send(name, as_bytes(bytes));
    return {};
  }

  Failure restart() {
    for (auto& [name, peer] : peers_) {
      if (Failure failure = receive(name)) return failure;
      peer.open = false;
    }
    broker_.restart();
    return {};
  }

  // Cuts what arrived into packets.
  Failure receive(const std::string& name) {
    Peer& peer = peers_[name];
    if (!peer.open) return {};
    peer.unread += broker_.take_output(name);
    for (;;) {
      const mqtt::FrameResult cut = mqtt::next_frame(as_bytes(peer.unread));
      if (cut.status == mqtt::FrameStatus::incomplete) return {};
      if (cut.status != mqtt::FrameStatus::complete)
        return name + " received bytes that are no packet";
      Result<PacketText> packet = describe_packet(cut.frame, peer.version);
      if (!packet) return fmt::format("{}: {}", name, packet.error().text);
      if (!resolve_alias(peer, *packet))
        return name + " received an alias that was not given: " + to_text(*packet);
      peer.packets.push_back(*std::move(packet));
      peer.unread.erase(0, cut.frame.bytes);
    }
  }

  // Notes the alias of a PUBLISH, or puts in the topic that its alias stands for.
  static bool resolve_alias(Peer& peer, PacketText& packet) {
    const Field* alias = packet.find("prop.topic-alias");
    if (alias == nullptr) return true;
    for (Field& field : packet.fields) {
      if (field.name != "topic") continue;
      std::string& known = peer.topics[alias->value];
      if (field.value.empty()) field.value = known;
      known = field.value;
      return !known.empty();
    }
    return true;
  }

  std::string pending_text(const std::string& name) {
    const Peer& peer = peers_[name];
    std::string text;
    for (const PacketText& packet : peer.packets)
      text += fmt::format("\n  {}< {}", name, to_text(packet));
    if (!peer.unread.empty())
      text += fmt::format("\n  {}: {} bytes of an incomplete packet", name, peer.unread.size());
    if (!peer.open) text += fmt::format("\n  {} is not connected", name);
    if (peer.open && broker_.is_closed(name)) text += fmt::format("\n  {}< CLOSED", name);
    if (text.empty()) text = fmt::format("\n  {}< nothing", name);
    return text;
  }

  Failure expect(const Step& now) {
    std::string seen;
    for (const std::string& name : now.words) {
      if (Failure failure = receive(name)) return failure;
      Peer& peer = peers_[name];
      std::string why = "nothing came";
      if (!peer.packets.empty()) {
        const Failure difference = mismatch(now.packet, peer.packets.front(), bindings_);
        if (!difference) {
          peer.packets.pop_front();
          return {};
        }
        why = "differs in " + *difference;
      }
      seen += fmt::format(" ({}){}", why, pending_text(name));
    }
    return fmt::format("expected {}, but{}", to_text(now.packet), seen);
  }

  // This step and its neighbours of the same kind for the same client, each against one of as many
  // packets.
  Failure expect_any_order() {
    const std::string name = scenario_.steps[at_].words[0];
    std::vector<const PacketText*> expected;
    for (; at_ < scenario_.steps.size(); ++at_) {
      const Step& step = scenario_.steps[at_];
      if (step.kind != StepKind::expect_any_order || step.words[0] != name) break;
      expected.push_back(&step.packet);
    }
    --at_;
    if (Failure failure = receive(name)) return failure;
    std::deque<PacketText>& packets = peers_[name].packets;
    while (!expected.empty()) {
      if (packets.empty())
        return fmt::format("expected also {}, but nothing came", to_text(*expected.front()));
      if (!take_matching(expected, packets.front())) {
        return fmt::format("none of the expected packets, but{}", pending_text(name));
      }
      packets.pop_front();
    }
    return {};
  }

  bool take_matching(std::vector<const PacketText*>& expected, const PacketText& packet) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (mismatch(*expected[i], packet, bindings_)) continue;
      expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(i));
      return true;
    }
    return false;
  }

  Failure expect_closed(const std::string& name) {
    if (Failure failure = receive(name)) return failure;
    Peer& peer = peers_[name];
    if (!peer.open || !peer.packets.empty() || !peer.unread.empty() || !broker_.is_closed(name)) {
      return "expected CLOSED, but" + pending_text(name);
    }
    peer.open = false;
    return {};
  }

  Failure expect_nothing(const std::string& name) {
    if (Failure failure = receive(name)) return failure;
    const Peer& peer = peers_[name];
    if (!peer.open || !peer.packets.empty() || !peer.unread.empty() || broker_.is_closed(name)) {
      return "expected nothing, but" + pending_text(name);
    }
    return {};
  }

  Failure skip_rest(const std::string& name) {
    Peer& peer = peers_[name];
    peer.packets.clear();
    peer.unread.clear();
    if (peer.open) broker_.take_output(name);
    return {};
  }

  Failure drop(const std::string& name) {
    if (Failure failure = receive(name)) return failure;
    Peer& peer = peers_[name];
    if (!peer.packets.empty()) return "dropped before it was read:" + pending_text(name);
    if (peer.open && !broker_.is_closed(name)) broker_.drop(name);
    peer.open = false;
    peer.unread.clear();
    return {};
  }

  Failure check_all_read() {
    for (auto& [name, peer] : peers_) {
      if (Failure failure = receive(name)) return failure;
      if (!peer.packets.empty() || !peer.unread.empty() || (peer.open && broker_.is_closed(name))) {
        return "not read:" + pending_text(name);
      }
    }
    return {};
  }

  const Scenario& scenario_;
  Version version_;
  BrokerUnderTest& broker_;
  const BetweenSteps& between_;
  std::map<std::string, Peer> peers_{};
  Bindings bindings_{};
  std::size_t at_ = 0;
  bool lacks_word_ = false;
};

}  // namespace

Played play(const Scenario& scenario, std::string_view version, BrokerUnderTest& broker,
            const BetweenSteps& between) {
  return Player(scenario, find_version(version), broker, between).play();
}

}  // namespace mqz::scenario
