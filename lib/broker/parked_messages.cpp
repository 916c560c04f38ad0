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

MessageRef JournalMessages::read(storage::Address address, std::uint32_t cost, Now now) {
  has_read_ = true;
  is_released_ = false;
  const auto view = reader_.read(address);
  if (!view) return failed_(view.error()), MessageRef();
  auto record = decode(view->head.type, view->head.version, view->body, now);
  MessageRef message = record ? take_message(*record) : MessageRef();
  if (message && cost_of(message->bytes()) == cost) return message;
  failed_({ErrorCode::corrupt, fmt::format("{}: offset {}: not the message that waits",
                                           reader_.path(), address.offset)});
  return {};
}

void JournalMessages::rest() {
  if (std::exchange(has_read_, false) || is_released_) return;
  reader_.release();
  is_released_ = true;
}

}  // namespace mqz::broker
