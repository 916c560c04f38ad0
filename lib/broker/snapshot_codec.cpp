#include "lib/broker/snapshot_codec.h"

#include <fmt/format.h>

#include <array>

#include "lib/broker/record_fields.h"

namespace mqz::broker {
namespace {

enum SessionFlag : unsigned {
  durable_flag = 1,
  online_flag = 2,
  expiring_flag = 4,
  will_due_flag = 8,
  has_will_flag = 16,
};

enum QueueFlag : unsigned {
  has_message_flag = 8,
  more_flag = 32,
  state_shift = 6,
  parked_flag = 256,
  parts_flag = 512,
};

// Beside those of a message.
enum ShareFlag : unsigned { parked_share_flag = 16, share_parts_flag = 32 };

// As records leave it: what was sent is to be sent again.
enum class KeptState : unsigned { queued, released, done, retired };

KeptState kept_state(const Outgoing& outgoing) {
  switch (outgoing.state) {
    case SendState::queued:
    case SendState::sent: return KeptState::queued;
    case SendState::released: return KeptState::released;
    // It goes back to its group once the record of that is applied.
    case SendState::done: return outgoing.message ? KeptState::queued : KeptState::done;
    case SendState::retired: return KeptState::retired;
  }
  return KeptState::retired;
}

SendState send_state(KeptState state) {
  switch (state) {
    case KeptState::queued: return SendState::queued;
    case KeptState::released: return SendState::released;
    case KeptState::done: return SendState::done;
    case KeptState::retired: return SendState::retired;
  }
  return SendState::retired;
}

struct Appender {
  std::vector<std::byte>& to;
  void number(std::uint64_t value) {
    constexpr std::size_t longest = 10;
    std::array<std::byte, longest> piece;
    Writer writer{piece.data()};
    writer.number(value);
    to.insert(to.end(), piece.data(), writer.at);
  }
  void raw(Bytes piece) { to.insert(to.end(), piece.begin(), piece.end()); }
  // Room for so many more.
  std::byte* grow(std::size_t bytes) {
    to.resize(to.size() + bytes);
    return to.data() + to.size() - bytes;
  }
};

template <typename Sink>
void put_place(Sink& sink, const storage::BodyPlace& place) {
  if (place.count() > 1) sink.number(place.count());
  for (std::size_t part = 0; part < place.count(); ++part) {
    sink.number(place.at(part).segment);
    sink.number(place.at(part).offset);
  }
}

template <typename Sink>
void put_outgoing(Sink& sink, const Outgoing& outgoing, Now now) {
  const bool has_group = outgoing.extra && !outgoing.extra->filter().empty();
  const bool has_more = outgoing.extra && !outgoing.extra->more_identifiers->empty();
  const KeptState state = kept_state(outgoing);
  const bool is_parked = outgoing.message.is_parked();
  const storage::BodyPlace place = is_parked ? outgoing.message.place() : storage::BodyPlace();
  sink.number(static_cast<unsigned>(outgoing.qos) | (outgoing.retain ? retain_flag : 0U) |
              (outgoing.message ? has_message_flag : 0U) | (has_group ? group_flag : 0U) |
              (is_parked ? parked_flag : 0U) | (has_more ? more_flag : 0U) |
              (place.count() > 1 ? parts_flag : 0U) |
              (static_cast<unsigned>(state) << state_shift));
  sink.number(outgoing.identifier);
  if (state == KeptState::done || is_parked) sink.number(outgoing.cost);
  if (has_more) {
    sink.number(outgoing.extra->more_identifiers->size());
    for (const auto identifier : *outgoing.extra->more_identifiers) sink.number(identifier);
  }
  if (has_group) {
    put_block(sink, as_bytes(outgoing.extra->filter()));
    sink.number(outgoing.extra->origin);
  }
  if (!outgoing.message) return;
  if (is_parked) return put_place(sink, place);
  const MessageRef message = outgoing.message.at_hand();
  sink.number(message_flags(*message));
  put_message(sink, *message, now);
}

storage::Address read_address(Reader& in) {
  const auto segment = in.number<std::uint32_t>();
  return {segment, in.number<std::uint32_t>()};
}

storage::BodyPlace read_place(Reader& in, bool is_split) {
  if (!is_split) return read_address(in);
  std::vector<storage::Address> parts;
  for (auto count = in.number(); count > 0 && !in.is_bad(); --count)
    parts.push_back(read_address(in));
  return parts.size() > 1 ? storage::BodyPlace(std::move(parts)) : storage::BodyPlace();
}

// `source` is that of the entry before, which is likely to be this one's too.
ShareSourceRef read_source(Reader& in, ShareSourceRef& source) {
  std::string filter = in.filter();
  if (!source || source->filter != filter) source = ShareSourceRef({.filter = std::move(filter)});
  return source;
}

Outgoing read_outgoing(Reader in, ShareSourceRef& source, bool& bad) {
  Outgoing outgoing;
  const auto flags = in.number<std::uint32_t>(1023);
  const auto state = static_cast<KeptState>((flags >> state_shift) & 3U);
  const bool is_parked = (flags & parked_flag) != 0;
  outgoing.qos = in.qos(flags);
  outgoing.retain = (flags & retain_flag) != 0;
  outgoing.state = send_state(state);
  outgoing.identifier = in.number<std::uint32_t>();
  if (state == KeptState::done || is_parked) outgoing.cost = in.number<std::uint32_t>();
  if ((flags & more_flag) != 0 || (flags & group_flag) != 0)
    outgoing.extra = std::make_unique<DeliveryExtra>();
  if ((flags & more_flag) != 0) {
    for (auto count = in.number(); count > 0 && !in.is_bad(); --count)
      outgoing.extra->more_identifiers.use().push_back(in.number<std::uint32_t>());
  }
  if ((flags & group_flag) != 0) {
    outgoing.extra->share = read_source(in, source);
    outgoing.extra->origin = in.number();
  }
  const bool has_message = (flags & has_message_flag) != 0;
  if (is_parked) {
    storage::BodyPlace place = read_place(in, (flags & parts_flag) != 0);
    if (!in.is_bad() && has_message && place) {
      outgoing.message = QueuedMessage(std::move(place));
    } else {
      bad = true;
    }
  } else if (has_message) {
    const auto message_flags = in.number<std::uint32_t>(15);
    const MessageRef message = in.message(message_flags);
    if (message) outgoing.cost = cost_of(message->text_bytes());
    outgoing.message = message;
  }
  bad |= in.is_bad() || !in.is_empty() || has_message != (state == KeptState::queued);
  return outgoing;
}

struct Putter {
  Appender& key;
  Appender& sink;
  Now now;

  void operator()(const SessionImage& image) const {
    key.raw(as_bytes(image.client_id));
    const bool expires = image.expires != MonoTime::max();
    const bool will_is_due = image.will_due != MonoTime::max();
    sink.number(image.number);
    sink.number(image.claim);
    sink.number(image.shard);
    sink.number((image.durable ? durable_flag : 0U) | (image.is_online ? online_flag : 0U) |
                (expires ? expiring_flag : 0U) | (will_is_due ? will_due_flag : 0U) |
                (image.will ? has_will_flag : 0U));
    sink.number(image.expiry_s);
    if (expires) sink.number(wall_ms(image.expires, now));
    if (will_is_due) sink.number(wall_ms(image.will_due, now));
    sink.number(image.subscriptions.size());
    for (const SubscriptionImage& one : image.subscriptions) {
      const mqtt::SubscribeOptions& options = one.entry.options;
      sink.number(static_cast<unsigned>(options.qos) | (options.no_local ? 4U : 0U) |
                  (options.retain_as_published ? 8U : 0U));
      sink.number(one.identifier);
      put_block(sink, as_bytes(one.entry.filter));
    }
    sink.number(image.received.size());
    for (const std::uint16_t id : image.received) sink.number(id);
    sink.number(image.last_read);
    sink.number(image.reads_owed.size());
    for (const OwedRead& owed : image.reads_owed) put_read(owed);
    sink.number(image.queue_begin);
    sink.number(image.queue_end);
    sink.number(image.dup_until);
    sink.number(image.reach.position);
    sink.number(image.reach.window);
    sink.number(image.reach.ahead);
    if (image.will) put_will(sink, *image.will, now);
  }
  void put_read(const OwedRead& owed) const {
    sink.number(owed.number);
    sink.number(static_cast<unsigned>(owed.qos));
    sink.number(owed.identifier);
    put_block(sink, as_bytes(owed.filter));
    sink.number(owed.given.size());
    for (const std::string& topic : owed.given) put_block(sink, as_bytes(topic));
  }
  void operator()(const QueueImage& image) const {
    key.number(image.number);
    sink.number(image.begin);
    for (const Outgoing& outgoing : image.entries) {
      Sizer sizer;
      put_outgoing(sizer, outgoing, now);
      sink.number(sizer.bytes);
      Writer writer{sink.grow(sizer.bytes)};
      put_outgoing(writer, outgoing, now);
    }
  }
  void operator()(const EndedImage& image) const {
    key.raw(as_bytes(image.client_id));
    sink.number(image.number);
  }
  void operator()(const RetainedImage& image) const {
    key.raw(as_bytes(image.message->topic()));
    sink.number(message_flags(*image.message));
    put_untitled(sink, *image.message, now);
  }
  void operator()(const WillImage& image) const {
    key.number(image.claim);
    sink.number(image.shard);
    put_will(sink, image.will, now);
  }
  void operator()(const ShareImage& image) const {
    key.raw(as_bytes(image.filter));
    sink.number(image.origin);
    if (image.message.is_parked()) {
      const storage::BodyPlace place = image.message.place();
      sink.number(parked_share_flag | (place.count() > 1 ? share_parts_flag : 0U));
      sink.number(image.cost);
      return put_place(sink, place);
    }
    const MessageRef message = image.message.at_hand();
    sink.number(message_flags(*message));
    put_message(sink, *message, now);
  }
  void operator()(const FrontImage& image) const {
    sink.number(image.replay_from);
    sink.number(image.last_claim);
    sink.number(image.queue_bytes_max);
    sink.number(image.queue_messages_max);
  }
  void operator()(const SegmentsImage& image) const {
    for (const SegmentsImage::Segment& segment : image.segments) {
      sink.number(segment.ordinal);
      sink.number(segment.first);
    }
  }
  void operator()(const ClockImage& image) const { put_clock(sink, image.clock); }
};

OwedRead read_owed(Reader& in) {
  OwedRead owed{.number = in.number<std::uint32_t>()};
  owed.qos = in.qos(in.number<std::uint32_t>(3));
  owed.identifier = in.number<std::uint32_t>();
  owed.filter = in.filter();
  for (auto count = in.number(); count > 0 && !in.is_bad(); --count) owed.given.insert(in.text());
  return owed;
}

std::uint64_t read_position(Reader& in) { return in.number(SendQueue::positions_max); }

SessionImage read_session(Reader& in, Bytes key, bool& bad) {
  SessionImage image{.client_id = std::string(as_text(key))};
  image.number = in.number();
  image.claim = in.number();
  image.shard = in.number<ShardIndex>();
  const auto flags = in.number<std::uint32_t>(31);
  image.durable = (flags & durable_flag) != 0;
  image.is_online = (flags & online_flag) != 0;
  image.expiry_s = in.number<std::uint32_t>();
  if ((flags & expiring_flag) != 0) image.expires = in.mono();
  if ((flags & will_due_flag) != 0) image.will_due = in.mono();
  for (auto count = in.number(); count > 0 && !in.is_bad(); --count) {
    SubscriptionImage one;
    const auto bits = in.number<std::uint32_t>(15);
    one.entry.options = {
        .qos = in.qos(bits), .no_local = (bits & 4U) != 0, .retain_as_published = (bits & 8U) != 0};
    one.identifier = in.number<std::uint32_t>();
    one.entry.filter = in.filter();
    image.subscriptions.push_back(std::move(one));
  }
  for (auto count = in.number(65'536); count > 0 && !in.is_bad(); --count)
    image.received.push_back(in.number<std::uint16_t>());
  image.last_read = in.number<std::uint32_t>();
  for (auto count = in.number(); count > 0 && !in.is_bad(); --count)
    image.reads_owed.push_back(read_owed(in));
  image.queue_begin = read_position(in);
  image.queue_end = read_position(in);
  bad |= image.queue_begin > image.queue_end;
  image.dup_until = in.number();
  image.reach.position = in.number();
  image.reach.window = in.number<std::uint16_t>();
  image.reach.ahead = in.number<std::uint16_t>();
  if ((flags & has_will_flag) != 0) image.will = read_will(in);
  return image;
}

QueueImage read_queue(Reader& in, Bytes key, Now now, bool& bad) {
  Reader number(key, now);
  QueueImage image{.number = number.number()};
  bad |= number.is_bad() || !number.is_empty();
  image.begin = read_position(in);
  bad |= in.is_bad();
  ShareSourceRef source;
  while (!in.is_empty() && !bad)
    image.entries.push_back(read_outgoing(Reader(in.block(), now), source, bad));
  return image;
}

void read_share(Reader& in, ShareImage& image, bool& bad) {
  const auto flags = in.number<std::uint32_t>(63);
  if ((flags & parked_share_flag) == 0) {
    const MessageRef message = in.message(flags);
    if (message) image.cost = cost_of(message->text_bytes());
    image.message = message;
    bad |= (flags & share_parts_flag) != 0;
    return;
  }
  image.cost = in.number<std::uint32_t>();
  storage::BodyPlace place = read_place(in, (flags & share_parts_flag) != 0);
  bad |= in.is_bad() || !place;
  if (place) image.message = QueuedMessage(std::move(place));
}

SnapshotObject read_object(SnapshotKind kind, Bytes key, Reader& in, Now now, bool& bad) {
  switch (kind) {
    case SnapshotKind::session: return read_session(in, key, bad);
    case SnapshotKind::queue: return read_queue(in, key, now, bad);
    case SnapshotKind::ended: return EndedImage{std::string(as_text(key)), in.number()};
    case SnapshotKind::retained: {
      const auto flags = in.number<std::uint32_t>(15);
      return RetainedImage{in.message(flags, as_text(key))};
    }
    case SnapshotKind::will: {
      Reader claim(key, now);
      WillImage image{.claim = claim.number()};
      bad |= claim.is_bad() || !claim.is_empty();
      image.shard = in.number<ShardIndex>();
      image.will = read_will(in);
      return image;
    }
    case SnapshotKind::share: {
      ShareImage image{.filter = std::string(as_text(key)), .origin = in.number()};
      bad |= !mqtt::is_valid_filter(image.filter);
      read_share(in, image, bad);
      return image;
    }
    case SnapshotKind::front: {
      FrontImage image{.replay_from = in.number()};
      image.last_claim = in.number();
      image.queue_bytes_max = in.number();
      image.queue_messages_max = in.number();
      bad |= !key.empty();
      return image;
    }
    case SnapshotKind::segments: {
      SegmentsImage image;
      while (!in.is_empty() && !in.is_bad()) {
        const auto ordinal = in.number<std::uint32_t>();
        image.segments.push_back({ordinal, in.number()});
      }
      bad |= !key.empty();
      return image;
    }
    case SnapshotKind::clock: {
      bad |= !key.empty();
      return ClockImage{in.clock()};
    }
  }
  return EndedImage{};
}

}  // namespace

SegmentsImage name_segments(const storage::LiveBodies& needed, const storage::SegmentTable& table) {
  SegmentsImage image;
  for (const std::uint32_t ordinal : needed.segments()) {
    const storage::SegmentRef segment = table.find(ordinal);
    const auto missing = table.find_missing(ordinal);
    image.segments.push_back({ordinal, segment != nullptr ? segment->header.first
                                       : missing          ? missing->first
                                                          : 0});
  }
  return image;
}

void add_to(storage::SnapshotSlice& slice, const SnapshotObject& object, std::uint64_t stamp,
            Now now) {
  std::vector<std::byte> key_bytes;
  std::vector<std::byte> value_bytes;
  Appender key{key_bytes};
  Appender value{value_bytes};
  std::visit(Putter{key, value, now}, object);
  // The alternatives stand in the order of the kinds.
  slice.add({.kind = static_cast<std::uint8_t>(object.index() + 1),
             .version = snapshot_entry_version,
             .key = key_bytes,
             .stamp = stamp,
             .value = value_bytes});
}

Result<SnapshotObject> decode(const storage::SnapshotEntry& entry, Now now) {
  constexpr auto kinds = std::variant_size_v<SnapshotObject>;
  if (entry.kind == 0) return fail(ErrorCode::corrupt, "a snapshot entry of kind 0");
  if (entry.kind > kinds || entry.version != snapshot_entry_version) {
    return fail(ErrorCode::invalid,
                fmt::format("a snapshot entry of kind {} version {}, and this program knows kinds "
                            "to {} in version {}",
                            entry.kind, entry.version, kinds, snapshot_entry_version));
  }
  Reader in(entry.value, now);
  bool bad = false;
  SnapshotObject object =
      read_object(static_cast<SnapshotKind>(entry.kind), entry.key, in, now, bad);
  if (!bad && !in.is_bad() && in.is_empty()) return object;
  return fail(ErrorCode::corrupt,
              fmt::format("a snapshot entry of kind {} that does not read", entry.kind));
}

}  // namespace mqz::broker
