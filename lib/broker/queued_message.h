// The message of an entry in a queue: at hand, or parked, which is only the place in the journal
// where it can be read back from. One word, since queues may be long.
#pragma once

#include <cstdint>
#include <utility>

#include "lib/base/check.h"
#include "lib/broker/message.h"
#include "lib/storage/body_place.h"

namespace mqz::broker {

class QueuedMessage {
 public:
  QueuedMessage() = default;
  QueuedMessage(MessageRef message)  // NOLINT(google-explicit-constructor): it is one
      : word_(reinterpret_cast<std::uintptr_t>(std::move(message).detach())) {}
  // Not of nowhere.
  explicit QueuedMessage(storage::BodyPlace place) : word_(place.take_word()) {
    MQZ_CHECK(is_parked());
  }
  QueuedMessage(QueuedMessage&& other) noexcept : word_(std::exchange(other.word_, 0)) {}
  QueuedMessage(const QueuedMessage& other)
      : QueuedMessage(other.is_parked() ? QueuedMessage(other.place())
                                        : QueuedMessage(MessageRef::share(other.block()))) {}
  QueuedMessage& operator=(QueuedMessage other) noexcept {
    std::swap(word_, other.word_);
    return *this;
  }
  ~QueuedMessage() {
    if (is_parked()) {
      storage::BodyPlace::from_word(word_);
    } else if (word_ != 0) {
      MessageRef::attach(block());
    }
  }

  // Is there a message, wherever it is?
  explicit operator bool() const { return word_ != 0; }
  bool is_parked() const { return (word_ & storage::BodyPlace::word_bits) != 0; }
  // Of one that is parked.
  storage::BodyPlace place() const {
    MQZ_CHECK(is_parked());
    storage::BodyPlace ours = storage::BodyPlace::from_word(word_);
    storage::BodyPlace copy(ours);
    ours.take_word();
    return copy;
  }
  // Empty for one that is parked.
  MessageRef at_hand() const { return is_parked() ? MessageRef() : MessageRef::share(block()); }
  const Message* operator->() const {
    MQZ_CHECK(!is_parked());
    return block();
  }

 private:
  // A block's address is a multiple of what `word_bits` are below.
  static_assert(alignof(Message) > storage::BodyPlace::word_bits);

  Message* block() const { return reinterpret_cast<Message*>(static_cast<std::uintptr_t>(word_)); }

  std::uint64_t word_ = 0;
};

}  // namespace mqz::broker
