// A table of objects found by an id that is never reused: slot and generation. Four billion
// generations per slot.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace mqz {

struct SlotId {
  std::uint32_t slot = UINT32_MAX;
  std::uint32_t generation = 0;
  bool is_valid() const { return slot != UINT32_MAX; }
  friend bool operator==(const SlotId&, const SlotId&) = default;
};

// T has a member `SlotId id`, set on insertion.
template <typename T>
class Slots {
 public:
  T& insert(std::unique_ptr<T> object) {
    std::uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(rows_.size());
      rows_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    Row& row = rows_[slot];
    row.object = std::move(object);
    row.object->id = SlotId{slot, row.generation};
    ++count_;
    return *row.object;
  }

  T* find(SlotId id) const {
    if (id.slot >= rows_.size() || rows_[id.slot].generation != id.generation) return nullptr;
    return rows_[id.slot].object.get();
  }

  std::unique_ptr<T> take(SlotId id) {
    if (find(id) == nullptr) return nullptr;
    Row& row = rows_[id.slot];
    ++row.generation;
    free_.push_back(id.slot);
    --count_;
    return std::move(row.object);
  }

  std::size_t size() const { return count_; }

  // For a walk in steps, between which objects may come and go: the one in that slot, if any.
  std::size_t slot_count() const { return rows_.size(); }
  T* in_slot(std::size_t slot) const { return rows_[slot].object.get(); }

  // Visits every object; the visitor may take the one it is given.
  template <typename Visit>
  void for_each(Visit&& visit) {
    for (std::size_t slot = 0; slot < rows_.size(); ++slot) {
      if (rows_[slot].object) visit(*rows_[slot].object);
    }
  }

 private:
  struct Row {
    std::unique_ptr<T> object{};
    std::uint32_t generation = 0;
  };
  std::vector<Row> rows_{};
  std::vector<std::uint32_t> free_{};
  std::size_t count_ = 0;
};

}  // namespace mqz
