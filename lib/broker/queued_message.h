// The message of an entry in a queue: at hand, or parked, which is only the place in the journal
// where it can be read back from. One word, since queues may be long.
#pragma once

#include <cstdint>
#include <utility>

#include "lib/base/check.h"
#include "lib/broker/message.h"
#include "lib/storage/segment.h"

namespace mqz::broker {

class QueuedMessage {
 public:
  QueuedMessage() = default;
  QueuedMessage(MessageRef message)  // NOLINT(google-explicit-constructor): it is one
      : word_(reinterpret_cast<std::uintptr_t>(std::move(message).detach())) {}
  explicit QueuedMessage(storage::Address address)
      : word_(std::uint64_t{address.segment} << 33U | std::uint64_t{address.offset} << 1U |
              parked_bit) {
    MQZ_CHECK(can_hold(address));
  }
  QueuedMessage(QueuedMessage&& other) noexcept : word_(std::exchange(other.word_, 0)) {}
  QueuedMessage(const QueuedMessage& other) : word_(other.word_) {
    if (!is_parked()) word_ = QueuedMessage(MessageRef::share(other.block())).take_word();
  }
  QueuedMessage& operator=(QueuedMessage other) noexcept {
    std::swap(word_, other.word_);
    return *this;
  }
  ~QueuedMessage() {
    if (!is_parked() && word_ != 0) MessageRef::attach(block());
  }

  static bool can_hold(storage::Address address) {
    return address.segment != 0 && address.segment < (std::uint32_t{1} << 31U);
  }

  // Is there a message, wherever it is?
  explicit operator bool() const { return word_ != 0; }
  bool is_parked() const { return (word_ & parked_bit) != 0; }
  // Of one that is parked.
  storage::Address address() const {
    MQZ_CHECK(is_parked());
    return {static_cast<std::uint32_t>(word_ >> 33U), static_cast<std::uint32_t>(word_ >> 1U)};
  }
  // Empty for one that is parked.
  MessageRef at_hand() const { return is_parked() ? MessageRef() : MessageRef::share(block()); }
  const Message* operator->() const {
    MQZ_CHECK(!is_parked());
    return block();
  }

 private:
  static constexpr std::uint64_t parked_bit = 1;  // a block's address is even

  Message* block() const { return reinterpret_cast<Message*>(static_cast<std::uintptr_t>(word_)); }
  std::uint64_t take_word() { return std::exchange(word_, 0); }

  std::uint64_t word_ = 0;
};

}  // namespace mqz::broker
