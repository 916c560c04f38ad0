#include "lib/broker/message.h"

#include <cstring>
#include <new>

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

MessageRef MessageRef::copy_of(const mqtt::Publish& publish, MonoTime now) {
  const std::size_t properties_bytes = kept_bytes(publish.properties);
  void* room = ::operator new(sizeof(Message) + publish.topic.size() + properties_bytes +
                              publish.payload.size());
  auto* block = new (room) Message;
  block->topic_bytes_ = static_cast<std::uint16_t>(publish.topic.size());
  block->properties_bytes_ = static_cast<std::uint32_t>(properties_bytes);
  block->payload_bytes_ = static_cast<std::uint32_t>(publish.payload.size());
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

void MessageRef::release() {
  if (block_ == nullptr || block_->owners_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  block_->~Message();
  ::operator delete(block_);
}

}  // namespace mqz::broker
