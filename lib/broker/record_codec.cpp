#include "lib/broker/record_codec.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "lib/broker/record_fields.h"

namespace mqz::broker {
namespace {

// ---- Writing: each record is described once, for its size and for its bytes. ----

enum Flag : unsigned {
  clean_start_flag = 1,
  durable_flag = 2,
  will_flag = 4,
};

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
                (record.filter.empty() ? 0U : group_flag) |
                (record.owed_read == 0 ? 0U : read_flag));
    sink.number(record.identifier);
    if (record.owed_read != 0) sink.number(record.owed_read);
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
    sink.number(record.window);
    if (record.will) put_will(sink, *record.will, now);
  }
  void operator()(const DisconnectRecord& record) const {
    sink.number(record.claim);
    sink.number(record.will_wanted ? 1 : 0);
    sink.number(record.expiry_s);
    sink.number(static_cast<std::uint64_t>(record.time.time_since_epoch().count()));
    sink.number(record.sent_until);
  }
  void operator()(const SubscribeRecord& record) const {
    sink.number(record.identifier);
    for (std::size_t index = 0; index < record.entries.size(); ++index) {
      if (record.refused[index] != mqtt::Reason::success) continue;
      const mqtt::SubscribeOptions& options = record.entries[index].options;
      sink.number(static_cast<unsigned>(options.qos) | (options.no_local ? 4U : 0U) |
                  (options.retain_as_published ? 8U : 0U) |
                  (static_cast<unsigned>(options.retain_handling) << 4U));
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
    if (record.what != Settled::released) sink.number(record.ahead);
  }
  void operator()(const ReleaseRecord& record) const { sink.number(record.packet_id); }
  void operator()(const RepeatRecord& record) const { sink.number(record.packet_id); }
  void operator()(const WillRecord& record) const { sink.number(record.claim); }
  void operator()(const EndRecord& record) const { sink.number(record.claim); }
  void operator()(const StartRecord& record) const {
    sink.number(static_cast<std::uint64_t>(record.time.time_since_epoch().count()));
    sink.number(record.queue_bytes_max);
    sink.number(record.queue_messages_max);
    sink.number(record.without.size());
    for (const LostRecords& lost : record.without) {
      sink.number(lost.first);
      sink.number(lost.end);
    }
  }
  void operator()(const ReadDoneRecord& record) const { sink.number(record.number); }
  void operator()(const MovedRecord& record) const {
    sink.number(record.places.size());
    for (const QueuePlace& place : record.places) {
      sink.number(place.number);
      sink.number(place.position);
    }
    sink.number(message_flags(*record.message));
    put_message(sink, *record.message, now);
  }
  void operator()(const ClockRecord& record) const { put_clock(sink, record); }
};

template <typename Sink>
void put(Sink& sink, const Record& record, Now now) {
  sink.number(record.number);
  std::visit(Putter<Sink>{sink, now}, record.what);
}

// ---- Reading. ----

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
  const auto form = in.number<std::uint32_t>(63);
  record.qos = in.qos(form);
  record.retain = (form & retain_flag) != 0;
  record.identifier = in.number<std::uint32_t>();
  if ((form & read_flag) != 0) record.owed_read = in.number<std::uint32_t>();
  if ((form & group_flag) != 0) {
    record.filter = in.filter();
    record.origin = in.number();
  }
  record.message = in.message(flags);
  return record;
}

MovedRecord read_moved(Reader& in) {
  MovedRecord record;
  for (auto count = in.number(); count > 0 && !in.is_bad(); --count) {
    QueuePlace& place = record.places.emplace_back();
    place.number = in.number();
    place.position = in.number();
  }
  const auto flags = in.number<std::uint32_t>(15);
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
  record.window = in.number<std::uint16_t>();
  if ((flags & will_flag) != 0) record.will = read_will(in);
  return record;
}

StartRecord read_start(Reader& in) {
  StartRecord record{.time = in.wall()};
  record.queue_bytes_max = in.number();
  record.queue_messages_max = in.number();
  for (auto count = in.number(); count > 0 && !in.is_bad(); --count) {
    const std::uint64_t first = in.number();
    record.without.push_back({first, in.number()});
  }
  return record;
}

DisconnectRecord read_disconnect(Reader& in) {
  DisconnectRecord record;
  record.claim = in.number();
  record.will_wanted = in.number(1) != 0;
  record.expiry_s = in.number<std::uint32_t>();
  record.time = in.wall();
  record.sent_until = in.number();
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
      if (record.what != Settled::released) record.ahead = in.number<std::uint16_t>();
      to = record;
      return;
    }
    case RecordType::release: to = ReleaseRecord{in.number<std::uint16_t>()}; return;
    case RecordType::repeat: to = RepeatRecord{in.number<std::uint16_t>()}; return;
    case RecordType::will: to = WillRecord{in.number()}; return;
    case RecordType::end: to = EndRecord{in.number()}; return;
    case RecordType::start: to = read_start(in); return;
    case RecordType::read_done: to = ReadDoneRecord{in.number<std::uint32_t>()}; return;
    case RecordType::moved: to = read_moved(in); return;
    case RecordType::clock: to = in.clock(); return;
  }
}

}  // namespace

RecordType type_of(const Record& record) {
  // The alternatives stand in the order of the types.
  return static_cast<RecordType>(record.what.index() + 1);
}

std::string_view record_name(std::uint16_t type) {
  constexpr std::array<std::string_view, 17> names{
      "",          "publish",     "deliver",   "group_taken", "connect", "disconnect",
      "subscribe", "unsubscribe", "settle",    "release",     "repeat",  "will",
      "end",       "start",       "read_done", "moved",       "clock"};
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
