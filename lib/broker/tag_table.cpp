#include "lib/broker/tag_table.h"

#include "lib/base/check.h"

namespace mqz::broker {

namespace {

constexpr std::size_t slots_min = 8;

// Full at seven tenths: a miss then looks at a cache line or two.
bool is_full(std::size_t size, std::size_t slots) { return size * 10 >= slots * 7; }

}  // namespace

void TagTable::insert(std::uint32_t tag, NodeId node) {
  if (is_full(size_, slots_.size())) resize(slots_.empty() ? slots_min : slots_.size() * 2);
  place({tag, node});
  ++size_;
}

void TagTable::place(Slot slot) {
  std::size_t at = slot.tag & mask();
  while (slots_[at].node != no_node) at = (at + 1) & mask();
  slots_[at] = slot;
}

void TagTable::erase(std::uint32_t tag, NodeId node) {
  MQZ_CHECK(size_ != 0);
  std::size_t hole = tag & mask();
  while (slots_[hole].node != node) {
    MQZ_CHECK(slots_[hole].node != no_node);
    hole = (hole + 1) & mask();
  }
  // What follows moves up, if its place is not behind the hole.
  for (std::size_t at = (hole + 1) & mask(); slots_[at].node != no_node; at = (at + 1) & mask()) {
    const std::size_t home = slots_[at].tag & mask();
    if (((at - home) & mask()) >= ((at - hole) & mask())) {
      slots_[hole] = slots_[at];
      hole = at;
    }
  }
  slots_[hole] = Slot{};
  --size_;
  if (size_ == 0) {
    slots_ = {};
  } else if (slots_.size() > slots_min && size_ * 8 < slots_.size()) {
    resize(slots_.size() / 4 < slots_min ? slots_min : slots_.size() / 4);
  }
}

void TagTable::resize(std::size_t slot_count) {
  std::vector<Slot> old(slot_count);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.node != no_node) place(slot);
  }
}

}  // namespace mqz::broker
