// A pool of small nodes named by dense numbers from 1. A node stays where it is until it is freed;
// the lowest number with room is given first, and a block whose nodes are all free gives its memory
// back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace mqz::broker {

using NodeId = std::uint32_t;
inline constexpr NodeId no_node = 0;

// Node is default-constructible and has a `NodeId parent`, which links the free ones.
template <typename Node>
class NodePool {
 public:
  NodePool() { blocks_.emplace_back().used = 1; }  // number 0 is nobody's

  Node& operator[](NodeId id) { return blocks_[id / block_nodes].nodes[id % block_nodes]; }
  const Node& operator[](NodeId id) const {
    return blocks_[id / block_nodes].nodes[id % block_nodes];
  }

  NodeId allocate() {
    while (roomy_ < blocks_.size() && !blocks_[roomy_].has_room()) ++roomy_;
    if (roomy_ == blocks_.size()) blocks_.emplace_back();
    Block& block = blocks_[roomy_];
    if (block.nodes == nullptr) {
      block.nodes = std::make_unique<Node[]>(block_nodes);
      ++block_count_;
    }
    ++block.live;
    ++live_;
    const auto base = static_cast<NodeId>(roomy_ * block_nodes);
    if (block.free == nothing_free) return base + block.used++;
    const NodeId offset = block.free;
    block.free = block.nodes[offset].parent;
    block.nodes[offset].parent = no_node;
    return base + offset;
  }

  void free(NodeId id) {
    const std::size_t index = id / block_nodes;
    Block& block = blocks_[index];
    block.nodes[id % block_nodes] = Node{};
    --live_;
    if (index < roomy_) roomy_ = index;
    if (--block.live == 0) {
      give_back(index);
    } else {
      block.nodes[id % block_nodes].parent = block.free;
      block.free = id % block_nodes;
    }
  }

  // Are there any nodes about here? Else the number must not be looked at.
  bool has_memory(NodeId id) const { return blocks_[id / block_nodes].nodes != nullptr; }
  std::size_t live() const { return live_; }
  // One more than the largest number that may be in use.
  NodeId capacity() const { return static_cast<NodeId>(blocks_.size() * block_nodes); }
  std::size_t memory_bytes() const {
    return blocks_.capacity() * sizeof(Block) + block_count_ * block_nodes * sizeof(Node);
  }

 private:
  static constexpr NodeId block_nodes = 1024;
  static constexpr NodeId nothing_free = ~NodeId{0};

  struct Block {
    std::unique_ptr<Node[]> nodes{};
    NodeId live = 0;
    NodeId used = 0;             // nodes from here on were never given
    NodeId free = nothing_free;  // the first freed one
    bool has_room() const { return free != nothing_free || used < block_nodes; }
  };

  void give_back(std::size_t index) {
    blocks_[index] = Block{};
    --block_count_;
    if (index == 0) blocks_[0].used = 1;
    while (blocks_.size() > 1 && blocks_.back().nodes == nullptr) blocks_.pop_back();
    if (blocks_.size() * 4 < blocks_.capacity()) blocks_.shrink_to_fit();
    if (roomy_ > blocks_.size()) roomy_ = blocks_.size();
  }

  std::vector<Block> blocks_{};
  std::size_t roomy_ = 0;        // no block before this one has room
  std::size_t block_count_ = 0;  // blocks with memory
  std::size_t live_ = 0;
};

}  // namespace mqz::broker
