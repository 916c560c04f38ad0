// Retained messages by topic name (3.3.1.3), and those that a filter asks for. One shard's,
// single-threaded.
//
// A tree of levels like FilterTree's, but here the topics are many and the filter is one, so
// children are also a list, in the order of their arrival. 32 bytes a node. Expiry and "an empty
// payload removes" are the caller's rules.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/hash.h"
#include "lib/broker/level_texts.h"
#include "lib/broker/message.h"
#include "lib/broker/node_pool.h"
#include "lib/broker/tag_table.h"

namespace mqz::broker {

class RetainedTree {
 public:
  // The seed keeps outsiders from choosing levels that collide.
  explicit RetainedTree(std::uint64_t hash_seed = 0);
  RetainedTree(const RetainedTree&) = delete;
  RetainedTree& operator=(const RetainedTree&) = delete;

  // Keeps the message under its topic. True if the topic had none, false if one was replaced.
  bool set(MessageRef message);
  // False if there was none.
  bool erase(std::string_view topic);
  // nullptr if there is none; valid until the tree changes.
  const MessageRef* find(std::string_view topic) const;

  // Calls visit(const MessageRef&) once for each message whose topic the valid, non-shared filter
  // matches. The tree stays as it is during the call.
  template <typename Visit>
  void match(std::string_view filter, Visit&& visit);

  class Cursor;

  // For a walk over everything in steps, between which the tree may change: what stays where it is
  // is seen once. Numbers below node_capacity.
  NodeId node_capacity() const { return nodes_.capacity(); }
  const MessageRef* in_node(NodeId id) const {
    if (!nodes_.has_memory(id) || !nodes_[id].message) return nullptr;
    return &nodes_[id].message;
  }

  std::size_t size() const { return message_count_; }
  std::size_t message_bytes() const { return message_bytes_; }  // of the blocks
  std::size_t memory_bytes() const;                             // of the tree without them

 private:
  struct Node {
    MessageRef message{};
    LevelKey key = 0;
    NodeId parent = no_node;
    NodeId first = no_node;   // the oldest child; the younger ones are in edges_ too
    NodeId after = no_node;   // the next younger sibling
    NodeId before = no_node;  // the next older sibling; of the oldest: the youngest
  };

  std::uint32_t tag_of(NodeId parent, LevelKey key) const {
    return static_cast<std::uint32_t>(hash_.of(key, parent) >> 32U);
  }
  NodeId child(NodeId parent, LevelKey key) const;
  NodeId child_or_new(NodeId parent, std::string_view level);
  NodeId node_of(std::string_view topic) const;
  void unlink(NodeId id);
  void prune(NodeId id);  // frees it and its ancestors as far as nobody needs them
  void pin(NodeId id);
  void unpin(NodeId id);
  bool is_hidden(NodeId id) const;  // begins with $

  KeyedHash hash_;
  LevelTexts texts_;
  NodePool<Node> nodes_{};
  TagTable edges_{};
  NodeId root_;
  std::unordered_map<NodeId, std::uint32_t> pins_{};  // where cursors rest between slices
  std::size_t message_count_ = 0;
  std::size_t message_bytes_ = 0;
};

// A walk over the messages that a filter matches, in slices between which the tree may change. A
// message whose topic stays is visited exactly once (as it is then); one that comes or goes
// meanwhile may be or not. Ends before the tree does.
class RetainedTree::Cursor {
 public:
  Cursor(RetainedTree& tree, std::string_view filter) : tree_(&tree), filter_(filter) {}
  Cursor(Cursor&& other) noexcept;
  Cursor& operator=(Cursor&& other) noexcept;
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  ~Cursor();

  // Looks at up to node_count nodes of the tree (so visits at most that many messages) and calls
  // visit(const MessageRef&) for those that match. False when there is nothing more. The tree stays
  // as it is during the call.
  template <typename Visit>
  bool next(std::size_t node_count, Visit&& visit);

  std::string_view filter() const { return filter_; }

 private:
  struct Level {
    enum class Kind : std::uint8_t { name, plus, hash } kind{};
    LevelKey key{};
  };
  void prepare();  // reads the filter's levels: a key may have changed since the last slice
  bool advance();  // to the next node that may match or lead to one; false at the end
  bool enter(NodeId candidate);  // skips hidden ones
  NodeId descend() const;
  bool is_list(std::uint32_t depth) const;  // are all siblings at this depth to be seen?
  bool is_match() const;
  void rest(NodeId id);

  RetainedTree* tree_ = nullptr;
  std::string filter_{};
  std::vector<Level> levels_{};
  NodeId node_ = no_node;  // the last one looked at; no_node before the first slice
  NodeId pinned_ = no_node;
  std::uint32_t depth_ = 0;
  bool done_ = false;
};

template <typename Visit>
bool RetainedTree::Cursor::next(std::size_t node_count, Visit&& visit) {
  prepare();
  for (; node_count > 0 && !done_; --node_count) {
    if (!advance()) {
      done_ = true;
    } else if (is_match()) {
      visit(std::as_const(tree_->nodes_[node_].message));
    }
  }
  rest(done_ ? no_node : node_);
  return !done_;
}

template <typename Visit>
void RetainedTree::match(std::string_view filter, Visit&& visit) {
  Cursor(*this, filter).next(std::numeric_limits<std::size_t>::max(), visit);
}

}  // namespace mqz::broker
