// The packet identifiers that a session has in flight towards its client (2.2.1), each with a small value.
// No heap while none is in flight. An identifier lives in the slot of its low bits, and new ones are chosen
// so that their slot is free: every lookup is one step, and memory follows the number in flight.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace mqz::broker {

using PacketId = std::uint16_t;
inline constexpr PacketId no_packet_id = 0;

// T is default-constructible and movable. Pointers to values hold until the next allocate, insert, release or clear.
template <typename T>
class PacketIds {
 public:
  static constexpr std::size_t size_max = 65'535;

  PacketIds() = default;
  PacketIds(PacketIds&& other) noexcept { swap(other); }
  PacketIds& operator=(PacketIds&& other) noexcept {
    PacketIds old(std::move(other));
    swap(old);
    return *this;
  }
  PacketIds(const PacketIds&) = delete;
  PacketIds& operator=(const PacketIds&) = delete;
  ~PacketIds() = default;

  // The next identifier that is not in flight, from 1 to 65 535 and round again [MQTT-2.2.1-3];
  // no_packet_id when all are.
  PacketId allocate(T value) {
    if (size_ == size_max) return no_packet_id;
    if (slots_ == nullptr) {
      resize(first_slots());
    } else if (size_ >= slot_count() - slot_count() / 4 && slot_count() < slots_max) {
      resize(slot_count() * 2);
    }
    PacketId id = next_;
    while (id == no_packet_id || slot(id).id != no_packet_id) ++id;
    put(id, std::move(value));
    next_ = static_cast<PacketId>(id + 1);
    return id;
  }

  // Puts an identifier that was chosen earlier (a session that is loaded) behind the others, and goes on
  // after it. False if it is 0 or in flight already.
  bool insert(PacketId id, T value) {
    if (id == no_packet_id || find(id) != nullptr) return false;
    if (slots_ == nullptr) resize(first_slots());
    while (slot(id).id != no_packet_id) resize(slot_count() * 2);
    put(id, std::move(value));
    next_ = static_cast<PacketId>(id + 1);
    return true;
  }

  T* find(PacketId id) {
    return const_cast<T*>(std::as_const(*this).find(id));
  }
  const T* find(PacketId id) const {
    return slots_ != nullptr && id != no_packet_id && slot(id).id == id ? &slot(id).value : nullptr;
  }

  // False if it is not in flight. In any order.
  bool release(PacketId id) {
    if (find(id) == nullptr) return false;
    Slot& gone = slot(id);
    (gone.before == no_packet_id ? first_ : slot(gone.before).after) = gone.after;
    (gone.after == no_packet_id ? last_ : slot(gone.after).before) = gone.before;
    gone = Slot{};
    if (--size_ == 0) {
      drop();
    } else if (slot_count() > small_slots && size_ <= slot_count() / 16) {
      shrink();
    }
    return true;
  }

  // None in flight; the next identifier is still the next.
  void clear() {
    size_ = 0;
    first_ = last_ = no_packet_id;
    if (slots_ != nullptr) drop();
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // In the order of sending: for (id = first(); id != no_packet_id; id = after(id)).
  PacketId first() const { return first_; }
  PacketId after(PacketId id) const { return slot(id).after; }  // id is in flight
  template <typename Visit>
  void for_each(Visit&& visit) {
    for (PacketId id = first_; id != no_packet_id; id = slot(id).after) visit(id, slot(id).value);
  }

  std::size_t memory_bytes() const { return slots_ == nullptr ? 0 : slot_count() * sizeof(Slot); }

 private:
  static constexpr std::size_t slots_max = 65'536;
  static constexpr std::size_t small_slots = 64;

  struct Slot {
    PacketId id = no_packet_id;
    PacketId before = no_packet_id;  // in the order of sending
    PacketId after = no_packet_id;
    T value{};
  };

  std::size_t slot_count() const { return std::size_t{mask_} + 1; }
  std::size_t first_slots() const { return std::size_t{1} << slots_log2_; }
  Slot& slot(PacketId id) { return slots_[id & mask_]; }
  const Slot& slot(PacketId id) const { return slots_[id & mask_]; }

  void put(PacketId id, T value) {
    Slot& to = slot(id);
    to.id = id;
    to.before = last_;
    to.after = no_packet_id;
    to.value = std::move(value);
    (last_ == no_packet_id ? first_ : slot(last_).after) = id;
    last_ = id;
    ++size_;
  }

  // The identifiers in flight have different slots in the new size.
  void resize(std::size_t count) {
    auto old = std::exchange(slots_, std::make_unique<Slot[]>(count));
    const PacketId old_mask = std::exchange(mask_, static_cast<PacketId>(count - 1));
    for (PacketId id = first_; id != no_packet_id; id = slot(id).after) {
      slot(id) = std::move(old[id & old_mask]);
    }
  }

  // To a quarter, if what is in flight has different slots there too.
  void shrink() {
    const std::size_t count = slot_count() / 4;
    const auto taken = std::make_unique<bool[]>(count);
    for (PacketId id = first_; id != no_packet_id; id = slot(id).after) {
      if (std::exchange(taken[id & (count - 1)], true)) return;
    }
    resize(count);
  }

  // The next table starts where this one grew to, or else at half its size: a busy session does not
  // grow it again and again, and a calm one does not pay for the past.
  void drop() {
    const std::size_t used = std::min(slot_count(), small_slots);
    const std::size_t next = used > first_slots() ? used : std::max(used / 2, std::size_t{4});
    slots_log2_ = static_cast<std::uint8_t>(std::countr_zero(next));
    slots_.reset();
    mask_ = 0;
  }

  void swap(PacketIds& other) noexcept {
    std::swap(slots_, other.slots_);
    std::swap(mask_, other.mask_);
    std::swap(size_, other.size_);
    std::swap(next_, other.next_);
    std::swap(first_, other.first_);
    std::swap(last_, other.last_);
    std::swap(slots_log2_, other.slots_log2_);
  }

  std::unique_ptr<Slot[]> slots_{};
  PacketId mask_ = 0;
  PacketId size_ = 0;
  PacketId next_ = 1;
  PacketId first_ = no_packet_id;
  PacketId last_ = no_packet_id;
  std::uint8_t slots_log2_ = 2;  // of the next first table
};

}  // namespace mqz::broker
