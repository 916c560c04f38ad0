// A flat hash table from 32-bit tags to node numbers. Tags may repeat: the caller says which of the
// numbers under a tag it means. Open addressing, linear probing, no tombstones; eight bytes a slot.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/broker/node_pool.h"

namespace mqz::broker {

class TagTable {
 public:
  // The number under `tag` for which is_it(number) holds; no_node if there is none.
  template <typename IsIt>
  NodeId find(std::uint32_t tag, IsIt&& is_it) const {
    if (slots_.empty()) return no_node;
    for (std::size_t at = tag & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.node == no_node) return no_node;
      if (slot.tag == tag && is_it(slot.node)) return slot.node;
    }
  }
  void insert(std::uint32_t tag, NodeId node);  // not there yet
  void erase(std::uint32_t tag, NodeId node);   // is there

  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    NodeId node = no_node;
  };
  std::size_t mask() const { return slots_.size() - 1; }
  void place(Slot slot);
  void resize(std::size_t slot_count);

  std::vector<Slot> slots_{};  // empty or a power of two
  std::size_t size_ = 0;
};

}  // namespace mqz::broker
