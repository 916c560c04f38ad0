// A queue in one power-of-two array, with no memory at all while it has never been used and a
// position for every element: the n-th ever pushed has position n, whatever was popped since.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "lib/base/check.h"

namespace mqz {

template <typename T>
class Ring {
 public:
  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }
  std::uint64_t begin_position() const { return begin_; }
  std::uint64_t end_position() const { return end_; }

  T& at(std::uint64_t position) { return slots_[position & mask()]; }
  const T& at(std::uint64_t position) const { return slots_[position & mask()]; }
  T& front() { return at(begin_); }

  void push(T value) { add() = std::move(value); }

  // A new last element, to be given its value in its place: it is as its slot was left by pop or
  // drop.
  T& add() {
    if (size() == capacity_) grow();
    return slots_[end_++ & mask()];
  }

  void pop() {
    MQZ_CHECK(!empty());
    slots_[begin_ & mask()] = T{};
    ++begin_;
  }

  // The first, which was moved from, leaves; what is left of it in its slot must own nothing.
  void drop() {
    MQZ_CHECK(!empty());
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
  std::uint64_t mask() const { return capacity_ - 1; }

  void grow() {
    const std::uint32_t wider = capacity_ == 0 ? 4 : capacity_ * 2;
    MQZ_CHECK(wider > capacity_);
    auto slots = std::make_unique<T[]>(wider);
    for (std::uint64_t at = begin_; at != end_; ++at) {
      slots[at & (wider - 1)] = std::move(slots_[at & mask()]);
    }
    slots_ = std::move(slots);
    capacity_ = wider;
  }

  std::unique_ptr<T[]> slots_{};
  std::uint32_t capacity_ = 0;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace mqz
