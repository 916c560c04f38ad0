#include "tests/scenario/state_dump.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "tests/scenario/kept_snapshot.h"

namespace mqz::scenario {
namespace {

using broker::SendState;

std::string readable(Bytes bytes) {
  std::string text;
  for (const char c : as_text(bytes.first(std::min<std::size_t>(bytes.size(), 64))))
    text += c < ' ' || c == '\x7f' ? fmt::format("\\x{:02x}", c & 0xFF) : std::string(1, c);
  if (bytes.size() > 64) text += fmt::format("... {} bytes", bytes.size());
  return text;
}

std::string time_text(MonoTime time, Now now) {
  if (time == MonoTime::max()) return "never";
  return fmt::format("in {} ms", (time - now.mono).count());
}

std::string message_text(const broker::Message& message, Now now) {
  return fmt::format("{} [{}] qos {}{}, properties [{}], expires {}", message.topic(),
                     readable(message.payload()), static_cast<int>(message.qos()),
                     message.retain() ? " retain" : "", readable(message.properties().bytes()),
                     time_text(message.expires().value_or(MonoTime::max()), now));
}

std::string will_text(const broker::Will& will, Now now) {
  return fmt::format("delay {} s, expiry {}, {}", will.delay_s,
                     will.expiry_s ? fmt::format("{} s", *will.expiry_s) : "never",
                     message_text(*will.message, now));
}

std::string entry_text(const broker::Outgoing& entry, Now now) {
  switch (entry.state) {
    case SendState::retired: return "retired";
    case SendState::done: return fmt::format("done, costs {}", entry.cost);
    case SendState::released: return "released";
    case SendState::queued:
    case SendState::sent: break;
  }
  std::string text = fmt::format("owed at qos {}{}, identifiers {}", static_cast<int>(entry.qos),
                                 entry.retain ? " retain" : "", entry.identifier);
  if (entry.extra) {
    for (const auto more : *entry.extra->more_identifiers) text += fmt::format(" {}", more);
    if (!entry.extra->filter().empty())
      text += fmt::format(", of {} at {}", entry.extra->filter(), entry.extra->origin);
  }
  return text + ": " + message_text(*entry.message.at_hand(), now);
}

std::string read_text(const std::string& session, const broker::OwedRead& owed) {
  std::string text = fmt::format(
      "{} is owed what is retained of {}: read {} at qos {}, identifier "
      "{}, has been given",
      session, owed.filter, owed.number, static_cast<int>(owed.qos), owed.identifier);
  for (const std::string& topic : owed.given) text += " " + topic;
  return text;
}

class Dump {
 public:
  explicit Dump(Now now) : now_(now) {}

  void operator()(const broker::SessionImage& image) {
    const std::string name = "session " + image.client_id;
    lines.push_back(fmt::format("{}: number {}, claim {}{}{}, expiry {} s, expires {}, will {}",
                                name, image.number, image.claim, image.durable ? ", durable" : "",
                                image.is_online ? ", online" : "", image.expiry_s,
                                time_text(image.expires, now_), time_text(image.will_due, now_)));
    for (const broker::SubscriptionImage& one : image.subscriptions) {
      const mqtt::SubscribeOptions& options = one.entry.options;
      lines.push_back(
          fmt::format("{} subscribes {} at qos {}{}{}, identifier {}", name, one.entry.filter,
                      static_cast<int>(options.qos), options.no_local ? " no-local" : "",
                      options.retain_as_published ? " retain-as-published" : "", one.identifier));
    }
    for (const std::uint16_t id : image.received)
      lines.push_back(fmt::format("{} has sent packet {}", name, id));
    for (const broker::OwedRead& owed : image.reads_owed) lines.push_back(read_text(name, owed));
    if (image.will)
      lines.push_back(fmt::format("{} has a will: {}", name, will_text(*image.will, now_)));
    names_[image.number] = name;
    next_[image.number] = image.queue_begin;
    if (!image.durable) return;
    lines.push_back(fmt::format("{} is owed from {} on", name, image.queue_begin));
    lines.push_back(fmt::format("{} may have been sent what is before {}, window {} ahead {}", name,
                                image.reach.position, image.reach.window, image.reach.ahead));
  }

  void operator()(const broker::QueueImage& image) {
    for (const broker::Outgoing& entry : image.entries) {
      lines.push_back(fmt::format("{} position {} {}", names_[image.number], next_[image.number]++,
                                  entry_text(entry, now_)));
    }
  }
  void operator()(const broker::EndedImage& image) {
    lines.push_back(fmt::format("session {} ended: {}", image.client_id, image.number));
  }
  void operator()(const broker::RetainedImage& image) {
    // Nobody gets it any more; when its memory is freed is another matter.
    if (!image.message->has_expired(now_.mono))
      lines.push_back("retained " + message_text(*image.message, now_));
  }
  void operator()(const broker::WillImage& image) {
    lines.push_back(fmt::format("will of {} is due: {}", image.claim, will_text(image.will, now_)));
  }
  void operator()(const broker::ShareImage& image) {
    lines.push_back(fmt::format("share of {} at {}: {}", image.filter, image.origin,
                                message_text(*image.message.at_hand(), now_)));
  }
  void operator()(const broker::FrontImage& image) {
    lines.push_back(fmt::format("limits {} {}", image.queue_bytes_max, image.queue_messages_max));
  }
  void operator()(const broker::SegmentsImage&) {}
  void operator()(const broker::ClockImage& image) {
    lines.push_back(fmt::format("clock {} ms", image.clock.offset.count()));
  }

  std::vector<std::string> lines{};

 private:
  Now now_;
  std::map<std::uint64_t, std::string> names_{};   // by number
  std::map<std::uint64_t, std::uint64_t> next_{};  // position
};

// Any shard can read back what a queue has left in the journal.
broker::SnapshotObject at_hand(broker::Shard& shard, broker::SnapshotObject object) {
  if (auto* queue = std::get_if<broker::QueueImage>(&object)) {
    for (broker::Outgoing& entry : queue->entries)
      entry.message = *shard.message_of(entry.message, entry.cost);
  }
  if (auto* share = std::get_if<broker::ShareImage>(&object))
    share->message = *shard.message_of(share->message, share->cost);
  return object;
}

}  // namespace

State state_of(const Shards& shards, Now now) {
  const auto kept = std::make_shared<KeptSnapshot>();
  shards.front()->snapshot().write_clock(*kept);
  for (const auto& shard : shards) shard->snapshot().write_all(kept);
  State state;
  for (std::size_t index = 0; index < kept->entries.size(); ++index)
    state.push_back(at_hand(*shards.front(), kept->object(index, now)));
  return state;
}

std::vector<std::string> dump(const State& state, Now now) {
  Dump all(now);
  for (const broker::SnapshotObject& object : state) std::visit(all, object);
  std::ranges::sort(all.lines);
  return std::move(all.lines);
}

std::vector<std::string> dump_state(const Shards& shards, Now now) {
  return dump(state_of(shards, now), now);
}

std::string difference(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  std::vector<std::string> only;
  std::ranges::set_difference(one, other, std::back_inserter(only));
  std::string text;
  for (const std::string& line : only) text += "\n- " + line;
  only.clear();
  std::ranges::set_difference(other, one, std::back_inserter(only));
  for (const std::string& line : only) text += "\n+ " + line;
  return text;
}

}  // namespace mqz::scenario
