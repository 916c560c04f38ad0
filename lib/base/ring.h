// A queue in one power-of-two array, with no memory at all while it has never been used and a
// position for every element: the n-th ever pushed has position n, whatever was popped since. Slots
// without an element are not touched, so giving back the memory of many is quick.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "lib/base/check.h"

namespace mqz {

template <typename T>
class Ring {
 public:
  Ring() = default;
  Ring(Ring&& other) noexcept
      : slots_(std::move(other.slots_)),
        capacity_(std::exchange(other.capacity_, 0)),
        begin_(other.begin_),
        end_(std::exchange(other.end_, other.begin_)) {}
  Ring& operator=(Ring other) noexcept {
    std::swap(slots_, other.slots_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    return *this;
  }
  ~Ring() {
    while (!empty()) pop();
  }

  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }
  std::uint64_t begin_position() const { return begin_; }
  std::uint64_t end_position() const { return end_; }

  T& at(std::uint64_t position) { return slots_[position & mask()].value; }
  const T& at(std::uint64_t position) const { return slots_[position & mask()].value; }
  T& front() { return at(begin_); }

  void push(T value) { emplace(std::move(value)); }

  // Made in its place.
  template <typename... Arguments>
  T& emplace(Arguments&&... arguments) {
    if (size() == capacity_) grow();
    T& made = *std::construct_at(&at(end_), std::forward<Arguments>(arguments)...);
    ++end_;
    return made;
  }

  void pop() {
    MQZ_CHECK(!empty());
    std::destroy_at(&at(begin_));
    ++begin_;
  }

  // Nothing was ever pushed: the first will have this position.
  void begin_at(std::uint64_t position) {
    MQZ_CHECK(empty());
    begin_ = end_ = position;
  }

  // Gives the memory back when empty, if it is more than so many slots; keeps the positions.
  void shrink(std::uint32_t kept = 16) {
    if (!empty() || capacity_ <= kept) return;
    slots_.reset();
    capacity_ = 0;
  }

 private:
  union Slot {
    Slot() {}
    ~Slot() {}
    T value;
  };

  std::uint64_t mask() const { return capacity_ - 1; }

  void grow() {
    const std::uint32_t wider = capacity_ == 0 ? 4 : capacity_ * 2;
    MQZ_CHECK(wider > capacity_);
    auto slots = std::make_unique<Slot[]>(wider);
    for (std::uint64_t position = begin_; position != end_; ++position) {
      std::construct_at(&slots[position & (wider - 1)].value, std::move(at(position)));
      std::destroy_at(&at(position));
    }
    slots_ = std::move(slots);
    capacity_ = wider;
  }

  std::unique_ptr<Slot[]> slots_{};
  std::uint32_t capacity_ = 0;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace mqz
