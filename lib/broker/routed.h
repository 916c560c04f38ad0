// A message on its way from a publisher to its receivers: views, and a block of its own only when
// somebody must keep it.
#pragma once

#include "lib/base/time.h"
#include "lib/broker/message.h"

namespace mqz::broker {

class Routed {
 public:
  // Views must live as long as this. `properties` are those a receiver sees.
  Routed(std::string_view topic, mqtt::PropertyView properties, Bytes payload, mqtt::Qos qos,
         bool retain, MonoTime expires)
      : topic_(topic),
        properties_(properties),
        payload_(payload),
        qos_(qos),
        retain_(retain),
        expires_(expires) {}
  explicit Routed(MessageRef block)
      : topic_(block->topic()),
        properties_(block->properties()),
        payload_(block->payload()),
        qos_(block->qos()),
        retain_(block->retain()),
        expires_(block->expires().value_or(MonoTime::max())),
        block_(std::move(block)) {}

  std::string_view topic() const { return topic_; }
  mqtt::PropertyView properties() const { return properties_; }
  Bytes payload() const { return payload_; }
  std::size_t text_bytes() const {
    return topic_.size() + properties_.bytes().size() + payload_.size();
  }
  mqtt::Qos qos() const { return qos_; }
  bool retain() const { return retain_; }
  MonoTime expires() const { return expires_; }

  // The message as a block, made at the first call.
  const MessageRef& block() {
    if (!block_) block_ = MessageRef::make(topic_, properties_, payload_, qos_, retain_, expires_);
    return block_;
  }
  bool has_block() const { return static_cast<bool>(block_); }

 private:
  std::string_view topic_;
  mqtt::PropertyView properties_;
  Bytes payload_;
  mqtt::Qos qos_;
  bool retain_;
  MonoTime expires_;
  MessageRef block_{};
};

}  // namespace mqz::broker
