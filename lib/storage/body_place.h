// Where the body of a record stands on this disk, in one word, since queues may be long: a single
// address, or those of all parts of a record that is split.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "lib/base/check.h"
#include "lib/storage/segment.h"

namespace mqz::storage {

class BodyPlace {
 public:
  // Nowhere.
  BodyPlace() = default;
  // Nowhere if the address is, or if its segment has too large an ordinal for it.
  BodyPlace(Address address)  // NOLINT(google-explicit-constructor): it is one
      : word_(can_hold(address)
                  ? std::uint64_t{address.segment} << 33U | std::uint64_t{address.offset} << 1U | 1U
                  : 0) {}
  // Of all parts, in order; at least two.
  explicit BodyPlace(std::vector<Address> parts) {
    MQZ_CHECK(parts.size() > 1);
    if (std::ranges::all_of(parts, can_hold))
      word_ = word_of(std::make_unique<Parts>(std::move(parts)));
  }
  BodyPlace(BodyPlace&& other) noexcept : word_(other.take_word()) {}
  BodyPlace(const BodyPlace& other)
      : word_(other.is_split() ? word_of(std::make_unique<Parts>(*other.parts())) : other.word_) {}
  BodyPlace& operator=(BodyPlace other) noexcept {
    std::swap(word_, other.word_);
    return *this;
  }
  ~BodyPlace() {
    if (is_split()) const std::unique_ptr<Parts> ours(parts());
  }

  explicit operator bool() const { return word_ != 0; }
  // How many addresses, and which; in order.
  std::size_t count() const { return is_split() ? parts()->size() : std::size_t{word_ != 0}; }
  Address at(std::size_t index) const {
    MQZ_CHECK(index < count());
    if (is_split()) return (*parts())[index];
    return {static_cast<std::uint32_t>(word_ >> 33U), static_cast<std::uint32_t>(word_ >> 1U)};
  }
  // Does it have something that `is_so`, which gets an address?
  template <typename IsSo>
  bool any_of(const IsSo& is_so) const {
    for (std::size_t index = 0; index < count(); ++index) {
      if (is_so(at(index))) return true;
    }
    return false;
  }

  // By their first addresses, since no two records begin in one place.
  friend auto operator<=>(const BodyPlace& one, const BodyPlace& other) {
    return one.first() <=> other.first();
  }
  friend bool operator==(const BodyPlace& one, const BodyPlace& other) {
    return one.first() == other.first();
  }

  // For who keeps the word in a word of its own, where those with none of these bits are others'.
  static constexpr std::uint64_t word_bits = 3;
  std::uint64_t take_word() { return std::exchange(word_, 0); }
  static BodyPlace from_word(std::uint64_t word) {
    BodyPlace place;
    place.word_ = word;
    return place;
  }

 private:
  using Parts = std::vector<Address>;

  static bool can_hold(Address address) {
    return address.segment != 0 && address.segment < (std::uint32_t{1} << 31U);
  }
  static std::uint64_t word_of(std::unique_ptr<Parts> parts) {
    return reinterpret_cast<std::uintptr_t>(parts.release()) | split_bit;
  }
  bool is_split() const { return (word_ & word_bits) == split_bit; }
  Parts* parts() const {
    return reinterpret_cast<Parts*>(static_cast<std::uintptr_t>(word_ ^ split_bit));
  }
  Address first() const { return word_ == 0 ? Address{} : at(0); }

  static constexpr std::uint64_t split_bit = 2;  // and bit 0 of a single address

  std::uint64_t word_ = 0;
};

}  // namespace mqz::storage
