#include "lib/broker/message.h"

#include <cstring>
#include <new>

#include "lib/base/small_blocks.h"

namespace mqz::broker {

namespace {

// Properties that belong to one connection, or that the broker writes anew for each receiver.
bool is_kept(mqtt::PropertyId id) {
  return id != mqtt::PropertyId::topic_alias && id != mqtt::PropertyId::subscription_identifier &&
         id != mqtt::PropertyId::message_expiry_interval;
}

std::size_t kept_bytes(mqtt::PropertyView properties) {
  std::size_t bytes = 0;
  for (auto it = properties.begin(); it != properties.end(); ++it) {
    if (is_kept(it->id)) bytes += it.encoded().size();
  }
  return bytes;
}

char* append(char* to, Bytes bytes) {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

}  // namespace

Message* MessageRef::allocate(std::size_t topic_bytes, std::size_t properties_bytes,
                              std::size_t payload_bytes) {
  void* room = take_block(sizeof(Message) + topic_bytes + properties_bytes + payload_bytes);
  auto* block = new (room) Message;
  block->topic_bytes_ = static_cast<std::uint16_t>(topic_bytes);
  block->properties_bytes_ = static_cast<std::uint32_t>(properties_bytes);
  block->payload_bytes_ = static_cast<std::uint32_t>(payload_bytes);
  return block;
}

MessageRef MessageRef::copy_of(const mqtt::Publish& publish, MonoTime now) {
  Message* block =
      allocate(publish.topic.size(), kept_bytes(publish.properties), publish.payload.size());
  block->qos_ = publish.qos;
  block->retain_ = publish.retain;
  char* to = append(block->text(), as_bytes(publish.topic));
  for (auto it = publish.properties.begin(); it != publish.properties.end(); ++it) {
    if (is_kept(it->id)) to = append(to, it.encoded());
    if (it->id == mqtt::PropertyId::message_expiry_interval) {
      block->expires_ = now + std::chrono::seconds(it->number);
    }
  }
  append(to, publish.payload);
  return MessageRef(block);
}

MessageRef MessageRef::make(std::string_view topic, mqtt::PropertyView properties, Bytes payload,
                            mqtt::Qos qos, bool retain, MonoTime expires) {
  Message* block = allocate(topic.size(), properties.bytes().size(), payload.size());
  block->qos_ = qos;
  block->retain_ = retain;
  block->expires_ = expires;
  append(append(append(block->text(), as_bytes(topic)), properties.bytes()), payload);
  return MessageRef(block);
}

void MessageRef::release() {
  if (block_ == nullptr) return;
  // The only owner need not tell anyone.
  if (block_->owners_.load(std::memory_order_acquire) != 1 &&
      block_->owners_.fetch_sub(1, std::memory_order_acq_rel) != 1)
    return;
  const std::size_t bytes = block_->bytes();
  block_->~Message();
  free_block(block_, bytes);
}

}  // namespace mqz::broker
