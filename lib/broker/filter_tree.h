// Topic filters as a tree of levels, and the filters that match a topic. One shard's,
// single-threaded.
//
// A filter is named by the number of its last node. Numbers are dense (below node_capacity), so
// that what belongs to a filter is an element of a vector; inner nodes have numbers too. 32 bytes a
// node, and eight to sixteen more for a node that is not its parent's first child.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/hash.h"
#include "lib/base/rules.h"
#include "lib/broker/level_texts.h"
#include "lib/broker/node_pool.h"
#include "lib/broker/tag_table.h"

namespace mqz::broker {

class FilterTree {
 public:
  // The seed keeps outsiders from choosing levels that collide.
  explicit FilterTree(std::uint64_t hash_seed = 0);

  // Filters are valid and not shared; acquiring one that is here counts its users up. The filter is
  // here until every acquire has had its release.
  NodeId acquire(std::string_view filter);
  void release(NodeId filter);
  std::optional<NodeId> find(std::string_view filter) const;

  std::string filter_of(NodeId filter) const;
  void append_filter(NodeId filter, std::string& to) const;

  // Calls visit(NodeId) once for each filter here that matches the valid topic name (4.7): "a/#"
  // matches "a", and a wildcard in the first level does not match a topic that begins with $
  // [MQTT-4.7.2-1]. No order. The tree stays as it is during the call. Costs nodes on matching
  // paths, never more than the tree has.
  template <typename Visit>
  void match(std::string_view topic, Visit&& visit) const;

  // Another number after each filter that came or went.
  std::uint64_t version() const { return version_; }
  std::size_t size() const { return filter_count_; }
  NodeId node_capacity() const { return nodes_.capacity(); }
  std::size_t memory_bytes() const;

 private:
  struct Node {
    LevelKey key = 0;
    NodeId parent = no_node;
    NodeId plus = no_node;   // the child "+"
    NodeId hash = no_node;   // the child "#"
    NodeId first = no_node;  // one of the children with a name; the others are in edges_
    std::uint32_t more = 0;  // how many others
    std::uint32_t users = 0;
    bool is_needed() const {
      return users != 0 || plus != no_node || hash != no_node || first != no_node || more != 0;
    }
  };

  // A level of the topic that is being matched, and room for one postponed step: there are never
  // more than levels. Plain, so that an array of them costs nothing; split fills in the text and
  // short keys.
  struct Level {
    const char* text;
    std::uint32_t bytes;
    bool has_key;
    LevelKey key;
    NodeId later_node;
    std::uint32_t later_depth;
  };
  static constexpr std::size_t usual_levels = 24;

  static std::size_t split(std::string_view topic, Level* levels, std::size_t levels_max);
  LevelKey key_of(Level& level) const {
    if (!level.has_key) level.key = texts_.find({level.text, level.bytes});
    level.has_key = true;
    return level.key;
  }
  template <typename Visit>
  void walk(Level* levels, std::uint32_t level_count, bool wild_first, Visit& visit) const;

  std::uint32_t tag_of(NodeId parent, LevelKey key) const {
    return static_cast<std::uint32_t>(hash_.of(key, parent) >> 32U);
  }
  NodeId named_child(const Node& node, NodeId id, LevelKey key) const {
    if (node.first != no_node && nodes_[node.first].key == key) return node.first;
    if (node.more == 0) return no_node;
    return edges_.find(tag_of(id, key), [&](NodeId child) {
      return nodes_[child].key == key && nodes_[child].parent == id;
    });
  }
  NodeId child(NodeId parent, std::string_view level) const;
  NodeId child_or_new(NodeId parent, std::string_view level);
  void unlink(NodeId id);

  KeyedHash hash_;
  LevelTexts texts_;
  NodePool<Node> nodes_{};
  TagTable edges_{};
  NodeId root_;
  std::uint64_t version_ = 0;
  std::size_t filter_count_ = 0;
};

template <typename Visit>
void FilterTree::match(std::string_view topic, Visit&& visit) const {
  const bool wild_first = !MQZ_RULE(dollar_topics) || !topic.starts_with('$');
  std::array<Level, usual_levels> usual;
  const std::size_t count = split(topic, usual.data(), usual.size());
  if (count <= usual.size()) {
    walk(usual.data(), static_cast<std::uint32_t>(count), wild_first, visit);
    return;
  }
  const auto many = std::make_unique_for_overwrite<Level[]>(count);
  split(topic, many.get(), count);
  walk(many.get(), static_cast<std::uint32_t>(count), wild_first, visit);
}

template <typename Visit>
void FilterTree::walk(Level* levels, std::uint32_t level_count, bool wild_first,
                      Visit& visit) const {
  NodeId id = root_;
  std::uint32_t depth = 0;
  std::uint32_t later = 0;
  for (;;) {
    const Node& node = nodes_[id];
    const bool wild = depth != 0 || wild_first;
    if (wild && node.hash != no_node) visit(node.hash);
    NodeId next = no_node;
    if (depth == level_count) {
      if (node.users != 0) visit(id);
    } else {
      if (node.first != no_node || node.more != 0) {
        next = named_child(node, id, key_of(levels[depth]));
      }
      const NodeId plus = wild ? node.plus : no_node;
      if (next == no_node) {
        next = plus;
      } else if (plus != no_node) {
        levels[later].later_node = plus;
        levels[later++].later_depth = depth + 1;
      }
    }
    if (next != no_node) {
      id = next;
      ++depth;
    } else if (later != 0) {
      id = levels[--later].later_node;
      depth = levels[later].later_depth;
    } else {
      return;
    }
  }
}

}  // namespace mqz::broker
