#include "lib/broker/record_codec.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <utility>

#include "lib/mqtt/topic.h"

namespace mqz::broker {
namespace {

using mqtt::Qos;

// ---- Writing: each record is described once, for its size and for its bytes. ----

struct Sizer {
  std::size_t bytes = 0;
  void number(std::uint64_t value) {
    do {
      ++bytes;
      value >>= 7U;
    } while (value != 0);
  }
  void raw(Bytes piece) { bytes += piece.size(); }
};

struct Writer {
  std::byte* at;
  void number(std::uint64_t value) {
    while (value >= 128) {
      *at++ = static_cast<std::byte>((value & 0x7FU) | 0x80U);
      value >>= 7U;
    }
    *at++ = static_cast<std::byte>(value);
  }
  void raw(Bytes piece) {
    if (!piece.empty()) std::memcpy(at, piece.data(), piece.size());
    at += piece.size();
  }
};

template <typename Sink>
void put_block(Sink& sink, Bytes block) {
  sink.number(block.size());
  sink.raw(block);
}

enum Flag : unsigned {
  qos_bits = 3,
  retain_flag = 4,
  expires_flag = 8,
  group_flag = 16,
  clean_start_flag = 1,
  durable_flag = 2,
  will_flag = 4,
  will_expiry_flag = 1,
};

std::uint64_t wall_ms(MonoTime time, Now now) {
  const auto wall = now.wall + (time - now.mono);
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, wall.time_since_epoch().count()));
}

unsigned message_flags(const Message& message) {
  return static_cast<unsigned>(message.qos()) | (message.retain() ? retain_flag : 0U) |
         (message.expires() ? expires_flag : 0U);
}

// The payload last: it fills the rest.
template <typename Sink>
void put_message(Sink& sink, const Message& message, Now now) {
  if (const auto expires = message.expires()) sink.number(wall_ms(*expires, now));
  put_block(sink, as_bytes(message.topic()));
  put_block(sink, message.properties().bytes());
  sink.raw(message.payload());
}

template <typename Sink>
struct Putter {
  Sink& sink;
  Now now;

  void operator()(const PublishRecord& record) const {
    sink.number(message_flags(*record.message));
    sink.number(record.packet_id);
    sink.number(record.will_claim);
    put_message(sink, *record.message, now);
  }
  void operator()(const DeliverRecord& record) const {
    sink.number(message_flags(*record.message));
    sink.number(static_cast<unsigned>(record.qos) | (record.retain ? retain_flag : 0U) |
                (record.filter.empty() ? 0U : group_flag));
    sink.number(record.identifier);
    if (!record.filter.empty()) {
      put_block(sink, as_bytes(record.filter));
      sink.number(record.origin);
    }
    put_message(sink, *record.message, now);
  }
  void operator()(const GroupTakenRecord& record) const {
    put_block(sink, as_bytes(record.filter));
    sink.number(record.origin);
  }
  void operator()(const ConnectRecord& record) const {
    put_block(sink, as_bytes(record.client_id));
    sink.number(record.claim);
    sink.number(record.shard);
    sink.number((record.clean_start ? clean_start_flag : 0U) |
                (record.durable ? durable_flag : 0U) | (record.will ? will_flag : 0U));
    sink.number(record.expiry_s);
    if (!record.will) return;
    sink.number(record.will->delay_s);
    sink.number(record.will->expiry_s ? will_expiry_flag : 0U);
    sink.number(record.will->expiry_s.value_or(0));
    sink.number(message_flags(*record.will->message));
    put_message(sink, *record.will->message, now);
  }
  void operator()(const DisconnectRecord& record) const {
    sink.number(record.claim);
    sink.number(record.will_wanted ? 1 : 0);
    sink.number(record.expiry_s);
    sink.number(static_cast<std::uint64_t>(record.time.time_since_epoch().count()));
  }
  void operator()(const SubscribeRecord& record) const {
    sink.number(record.identifier);
    for (std::size_t index = 0; index < record.entries.size(); ++index) {
      if (record.refused[index] != mqtt::Reason::success) continue;
      const mqtt::SubscribeOptions& options = record.entries[index].options;
      sink.number(static_cast<unsigned>(options.qos) | (options.no_local ? 4U : 0U) |
                  (options.retain_as_published ? 8U : 0U) | (options.retain_handling << 4U));
      put_block(sink, as_bytes(record.entries[index].filter));
    }
  }
  void operator()(const UnsubscribeRecord& record) const {
    for (std::size_t index = 0; index < record.filters.size(); ++index) {
      if (record.refused[index] == mqtt::Reason::success)
        put_block(sink, as_bytes(record.filters[index]));
    }
  }
  void operator()(const SettleRecord& record) const {
    sink.number(static_cast<unsigned>(record.what));
    sink.number(record.position);
  }
  void operator()(const ReleaseRecord& record) const { sink.number(record.packet_id); }
  void operator()(const RepeatRecord& record) const { sink.number(record.packet_id); }
  void operator()(const WillRecord& record) const { sink.number(record.claim); }
  void operator()(const EndRecord& record) const { sink.number(record.claim); }
  void operator()(const StartRecord& record) const {
    sink.number(static_cast<std::uint64_t>(record.time.time_since_epoch().count()));
    sink.number(record.queue_bytes_max);
    sink.number(record.queue_messages_max);
  }
};

template <typename Sink>
void put(Sink& sink, const Record& record, Now now) {
  sink.number(record.number);
  std::visit(Putter<Sink>{sink, now}, record.what);
}

// ---- Reading. A wrong byte makes it bad; the fields read after that mean nothing. ----

class Reader {
 public:
  Reader(Bytes body, Now now) : rest_(body), now_(now) {}

  bool is_bad() const { return bad_; }
  bool is_empty() const { return rest_.empty(); }

  template <typename Number = std::uint64_t>
  Number number(std::uint64_t most = std::numeric_limits<Number>::max()) {
    std::uint64_t value = 0;
    unsigned shift = 0;
    for (;;) {
      if (rest_.empty() || shift > 63) return fail(), Number{};
      const auto byte = std::to_integer<std::uint64_t>(rest_[0]);
      rest_ = rest_.subspan(1);
      if (shift == 63 && byte > 1) return fail(), Number{};
      value |= (byte & 0x7FU) << shift;
      if (byte < 128) break;
      shift += 7;
    }
    if (value > most) return fail(), Number{};
    return static_cast<Number>(value);
  }
  Bytes block() {
    const auto size = number();
    if (bad_ || size > rest_.size()) return fail(), Bytes{};
    const Bytes piece = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(piece.size());
    return piece;
  }
  std::string text() { return std::string(as_text(block())); }
  WallTime wall() {
    return WallTime(Millis(number<std::int64_t>(std::numeric_limits<std::int64_t>::max() / 4)));
  }
  std::string filter() {
    std::string found = text();
    if (!bad_ && !mqtt::is_valid_filter(found)) fail();
    return found;
  }
  Qos qos(unsigned bits) {
    if ((bits & qos_bits) == 3) return fail(), Qos{};
    return static_cast<Qos>(bits & qos_bits);
  }
  MessageRef message(unsigned flags) {
    const Qos level = qos(flags);
    MonoTime expires = MonoTime::max();
    if ((flags & expires_flag) != 0) expires = now_.mono + (wall() - now_.wall);
    const std::string_view topic = as_text(block());
    const Bytes properties = block();
    if (bad_ || !mqtt::is_valid_topic(topic) ||
        mqtt::check_properties(properties, mqtt::PacketType::publish) != mqtt::Reason::success)
      return fail(), MessageRef{};
    const Bytes payload = std::exchange(rest_, Bytes{});
    return MessageRef::make(topic, mqtt::PropertyView(properties), payload, level,
                            (flags & retain_flag) != 0, expires);
  }

 private:
  void fail() {
    bad_ = true;
    rest_ = {};
  }
  Bytes rest_;
  Now now_;
  bool bad_ = false;
};

PublishRecord read_publish(Reader& in) {
  PublishRecord record;
  const auto flags = in.number<std::uint32_t>(15);
  record.packet_id = in.number<std::uint16_t>();
  record.will_claim = in.number();
  record.message = in.message(flags);
  return record;
}

DeliverRecord read_deliver(Reader& in) {
  DeliverRecord record;
  const auto flags = in.number<std::uint32_t>(15);
  const auto form = in.number<std::uint32_t>(31);
  record.qos = in.qos(form);
  record.retain = (form & retain_flag) != 0;
  record.identifier = in.number<std::uint32_t>();
  if ((form & group_flag) != 0) {
    record.filter = in.filter();
    record.origin = in.number();
  }
  record.message = in.message(flags);
  return record;
}

ConnectRecord read_connect(Reader& in) {
  ConnectRecord record;
  record.client_id = in.text();
  record.claim = in.number();
  record.shard = in.number<ShardIndex>();
  const auto flags = in.number<std::uint32_t>(7);
  record.clean_start = (flags & clean_start_flag) != 0;
  record.durable = (flags & durable_flag) != 0;
  record.expiry_s = in.number<std::uint32_t>();
  if ((flags & will_flag) == 0) return record;
  Will will;
  will.delay_s = in.number<std::uint32_t>();
  const bool expires = (in.number(1) & will_expiry_flag) != 0;
  const auto expiry_s = in.number<std::uint32_t>();
  if (expires) will.expiry_s = expiry_s;
  const auto message_flags = in.number<std::uint32_t>(15);
  will.message = in.message(message_flags);
  record.will = std::move(will);
  return record;
}

DisconnectRecord read_disconnect(Reader& in) {
  DisconnectRecord record;
  record.claim = in.number();
  record.will_wanted = in.number(1) != 0;
  record.expiry_s = in.number<std::uint32_t>();
  record.time = in.wall();
  return record;
}

SubscribeRecord read_subscribe(Reader& in) {
  SubscribeRecord record;
  record.identifier = in.number<std::uint32_t>();
  while (!in.is_empty()) {
    const auto bits = in.number<std::uint32_t>(0x2F);
    OwnedEntry entry;
    entry.options = {.qos = in.qos(bits),
                     .no_local = (bits & 4U) != 0,
                     .retain_as_published = (bits & 8U) != 0,
                     .retain_handling = static_cast<std::uint8_t>(bits >> 4U)};
    entry.filter = in.filter();
    record.entries.push_back(std::move(entry));
    record.refused.push_back(mqtt::Reason::success);
  }
  return record;
}

UnsubscribeRecord read_unsubscribe(Reader& in) {
  UnsubscribeRecord record;
  while (!in.is_empty()) {
    record.filters.push_back(in.filter());
    record.refused.push_back(mqtt::Reason::success);
  }
  return record;
}

template <typename Target>
void read_what(RecordType type, Reader& in, Target& to) {
  switch (type) {
    case RecordType::publish: to = read_publish(in); return;
    case RecordType::deliver: to = read_deliver(in); return;
    case RecordType::group_taken: {
      GroupTakenRecord record{.filter = in.filter()};
      record.origin = in.number();
      to = std::move(record);
      return;
    }
    case RecordType::connect: to = read_connect(in); return;
    case RecordType::disconnect: to = read_disconnect(in); return;
    case RecordType::subscribe: to = read_subscribe(in); return;
    case RecordType::unsubscribe: to = read_unsubscribe(in); return;
    case RecordType::settle: {
      SettleRecord record{.what = static_cast<Settled>(in.number(2))};
      record.position = in.number();
      to = record;
      return;
    }
    case RecordType::release: to = ReleaseRecord{in.number<std::uint16_t>()}; return;
    case RecordType::repeat: to = RepeatRecord{in.number<std::uint16_t>()}; return;
    case RecordType::will: to = WillRecord{in.number()}; return;
    case RecordType::end: to = EndRecord{in.number()}; return;
    case RecordType::start: {
      StartRecord record{.time = in.wall()};
      record.queue_bytes_max = in.number();
      record.queue_messages_max = in.number();
      to = record;
      return;
    }
  }
}

}  // namespace

RecordType type_of(const Record& record) {
  // The alternatives stand in the order of the types.
  return static_cast<RecordType>(record.what.index() + 1);
}

std::string_view record_name(std::uint16_t type) {
  constexpr std::array<std::string_view, 14> names{
      "",           "publish",   "deliver",     "group_taken", "connect",
      "disconnect", "subscribe", "unsubscribe", "settle",      "release",
      "repeat",     "will",      "end",         "start"};
  return type < names.size() ? names[type] : std::string_view{};
}

std::size_t encoded_size(const Record& record, Now now) {
  Sizer sizer;
  put(sizer, record, now);
  return sizer.bytes;
}

void encode(const Record& record, Now now, std::byte* to) {
  Writer writer{to};
  put(writer, record, now);
}

Result<Record> decode(std::uint16_t type, std::uint8_t version, Bytes body, Now now) {
  constexpr auto types = static_cast<std::uint16_t>(std::variant_size_v<decltype(Record::what)>);
  if (type == 0) return fail(ErrorCode::corrupt, "a record of type 0");
  if (type > types || version != record_version) {
    return mqz::fail(ErrorCode::invalid,
                     fmt::format("a record of type {} version {}, and this program knows types to "
                                 "{} in version {}",
                                 type, version, types, record_version));
  }
  Reader in(body, now);
  Record record;
  record.number = in.number();
  read_what(static_cast<RecordType>(type), in, record.what);
  if (in.is_bad() || !in.is_empty())
    return fail(ErrorCode::corrupt, fmt::format("a record of type {} that does not read", type));
  return record;
}

}  // namespace mqz::broker
