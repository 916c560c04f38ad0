// One application message, kept once however many receivers it has. The block is one allocation:
// this header, then topic, properties and payload. The count is atomic because shards share blocks.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/mqtt/packets.h"

namespace mqz::broker {

class Message {
 public:
  std::string_view topic() const { return {text(), topic_bytes_}; }
  // What a receiver sees of the properties: no topic alias, no subscription identifier, and no
  // expiry interval (that is `expires`, written anew for each receiver).
  mqtt::PropertyView properties() const {
    return mqtt::PropertyView(as_bytes({text() + topic_bytes_, properties_bytes_}));
  }
  Bytes payload() const {
    return as_bytes({text() + topic_bytes_ + properties_bytes_, payload_bytes_});
  }
  mqtt::Qos qos() const { return qos_; }
  bool retain() const { return retain_; }
  std::optional<MonoTime> expires() const {
    return expires_ == MonoTime::max() ? std::nullopt : std::optional(expires_);
  }
  bool has_expired(MonoTime now) const { return now >= expires_; }
  std::size_t text_bytes() const {
    return std::size_t{topic_bytes_} + properties_bytes_ + payload_bytes_;
  }
  // The memory of the block.
  std::size_t bytes() const { return sizeof(Message) + text_bytes(); }

 private:
  friend class MessageRef;
  friend class MessageBuilder;
  Message() = default;
  const char* text() const { return reinterpret_cast<const char*>(this + 1); }
  char* text() { return reinterpret_cast<char*>(this + 1); }

  std::atomic<std::uint32_t> owners_{1};
  std::uint32_t payload_bytes_{};
  std::uint32_t properties_bytes_{};
  std::uint16_t topic_bytes_{};
  mqtt::Qos qos_{};
  bool retain_{};
  MonoTime expires_ = MonoTime::max();
};

// The one shared thing of the broker.
class MessageRef {
 public:
  MessageRef() = default;
  // Copies the parts of a PUBLISH into a block of its own. `now` turns its expiry interval into a
  // deadline.
  static MessageRef copy_of(const mqtt::Publish& publish, MonoTime now);
  // From parts; `properties` are those a receiver sees.
  static MessageRef make(std::string_view topic, mqtt::PropertyView properties, Bytes payload,
                         mqtt::Qos qos, bool retain, MonoTime expires);

  MessageRef(const MessageRef& other) : block_(other.block_) {
    if (block_ != nullptr) block_->owners_.fetch_add(1, std::memory_order_relaxed);
  }
  MessageRef(MessageRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  MessageRef& operator=(MessageRef other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~MessageRef() {
    if (block_ != nullptr) release();
  }

  // For who keeps a block without one of these: its count stays as it is.
  Message* detach() && { return std::exchange(block_, nullptr); }
  static MessageRef attach(Message* block) { return MessageRef(block); }
  // One more owner of a block, or none of nothing.
  static MessageRef share(Message* block) {
    MessageRef mine(block);
    MessageRef theirs(mine);
    std::move(mine).detach();
    return theirs;
  }

  const Message* operator->() const { return block_; }
  const Message& operator*() const { return *block_; }
  explicit operator bool() const { return block_ != nullptr; }
  friend bool operator==(const MessageRef&, const MessageRef&) = default;

 private:
  explicit MessageRef(Message* block) : block_(block) {}
  static Message* allocate(std::size_t topic_bytes, std::size_t properties_bytes,
                           std::size_t payload_bytes);
  void release();
  Message* block_ = nullptr;
};

}  // namespace mqz::broker
