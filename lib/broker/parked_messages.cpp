#include "lib/broker/parked_messages.h"

#include <fmt/format.h>

#include <utility>

#include "lib/broker/record_codec.h"
#include "lib/broker/send_queue.h"

namespace mqz::broker {

MessageRef take_message(Record& record) {
  if (auto* publish = std::get_if<PublishRecord>(&record.what)) return std::move(publish->message);
  if (auto* deliver = std::get_if<DeliverRecord>(&record.what)) return std::move(deliver->message);
  if (auto* moved = std::get_if<MovedRecord>(&record.what)) return std::move(moved->message);
  return {};
}

namespace {

storage::Part which_part(std::size_t index, std::size_t count) {
  if (index == 0) return storage::Part::first;
  return index + 1 == count ? storage::Part::last : storage::Part::middle;
}

}  // namespace

Result<storage::RecordView> JournalMessages::part_at(const storage::BodyPlace& place,
                                                     std::size_t index) {
  segment_ = place.at(index).segment;
  return reader_.read(place.at(index));
}

// Each part has a sum of its own; that it is this part of this record, its place says.
Result<storage::RecordView> JournalMessages::join(const storage::BodyPlace& place) {
  storage::RecordView whole;
  joined_.clear();
  for (std::size_t index = 0; index < place.count(); ++index) {
    const auto view = part_at(place, index);
    if (!view) return view;
    if (view->head.part != which_part(index, place.count())) {
      return fail(ErrorCode::corrupt, fmt::format("{}: offset {}: not this part of a message",
                                                  reader_.path(), place.at(index).offset));
    }
    whole.head = view->head;
    joined_.insert(joined_.end(), view->body.begin(), view->body.end());
  }
  whole.body = joined_;
  return whole;
}

Result<storage::RecordView> JournalMessages::record_at(const storage::BodyPlace& place) {
  return place.count() == 1 ? part_at(place, 0) : join(place);
}

tl::unexpected<Unread> JournalMessages::unread(Error error) const {
  Unread unread{std::move(error)};
  unread.may_pass = unread.is_damage() && accepted_.covers(segment_);
  return tl::unexpected(std::move(unread));
}

ReadMessage JournalMessages::read(const storage::BodyPlace& place, std::uint32_t cost, Now now) {
  has_read_ = true;
  is_released_ = false;
  const auto view = record_at(place);
  if (!view) return unread(view.error());
  auto record = decode(view->head.type, view->head.version, view->body, now);
  MessageRef message = record ? take_message(*record) : MessageRef();
  if (message && cost_of(message->text_bytes()) == cost) return message;
  return unread({ErrorCode::corrupt, fmt::format("{}: offset {}: not the message that waits",
                                                 reader_.path(), place.at(0).offset)});
}

void JournalMessages::rest() {
  if (std::exchange(has_read_, false) || is_released_) return;
  reader_.release();
  joined_ = {};
  is_released_ = true;
}

}  // namespace mqz::broker
