#include "lib/broker/filter_tree.h"

#include <vector>

#include "lib/base/check.h"

namespace mqz::broker {

FilterTree::FilterTree(std::uint64_t hash_seed)
    : hash_(hash_seed), texts_(hash_), root_(nodes_.allocate()) {}

NodeId FilterTree::acquire(std::string_view filter) {
  NodeId at = root_;
  for_each_level(filter, [&](std::string_view level, LevelKey) { at = child_or_new(at, level); });
  if (nodes_[at].users++ == 0) {
    ++filter_count_;
    ++version_;
  }
  return at;
}

void FilterTree::release(NodeId filter) {
  MQZ_CHECK(nodes_[filter].users != 0);
  if (--nodes_[filter].users != 0) return;
  --filter_count_;
  ++version_;
  for (NodeId id = filter; id != root_ && !nodes_[id].is_needed();) {
    const NodeId parent = nodes_[id].parent;
    unlink(id);
    texts_.release(nodes_[id].key);
    nodes_.free(id);
    id = parent;
  }
}

std::optional<NodeId> FilterTree::find(std::string_view filter) const {
  NodeId at = root_;
  for_each_level(filter, [&](std::string_view level, LevelKey) { at = child(at, level); });
  return at != no_node && nodes_[at].users != 0 ? std::optional(at) : std::nullopt;
}

NodeId FilterTree::child(NodeId parent, std::string_view level) const {
  const Node& node = nodes_[parent];
  if (level == "+") return node.plus;
  if (level == "#") return node.hash;
  return named_child(node, parent, texts_.find(level));
}

NodeId FilterTree::child_or_new(NodeId parent, std::string_view level) {
  if (const NodeId known = child(parent, level); known != no_node) return known;
  const NodeId id = nodes_.allocate();
  const LevelKey key = texts_.acquire(level);
  nodes_[id].key = key;
  nodes_[id].parent = parent;
  Node& above = nodes_[parent];
  if (level == "+") {
    above.plus = id;
  } else if (level == "#") {
    above.hash = id;
  } else if (above.first == no_node) {
    above.first = id;
  } else {
    ++above.more;
    edges_.insert(tag_of(parent, key), id);
  }
  return id;
}

void FilterTree::unlink(NodeId id) {
  const NodeId parent = nodes_[id].parent;
  Node& above = nodes_[parent];
  if (above.plus == id) {
    above.plus = no_node;
  } else if (above.hash == id) {
    above.hash = no_node;
  } else if (above.first == id) {
    above.first = no_node;
  } else {
    --above.more;
    edges_.erase(tag_of(parent, nodes_[id].key), id);
  }
}

std::string FilterTree::filter_of(NodeId filter) const {
  std::string text;
  append_filter(filter, text);
  return text;
}

void FilterTree::append_filter(NodeId filter, std::string& to) const {
  std::vector<NodeId> path;
  for (NodeId id = filter; id != root_; id = nodes_[id].parent) path.push_back(id);
  for (auto id = path.rbegin(); id != path.rend(); ++id) {
    if (id != path.rbegin()) to += '/';
    to += texts_.text(nodes_[*id].key);
  }
}

std::size_t FilterTree::memory_bytes() const {
  return nodes_.memory_bytes() + edges_.memory_bytes() + texts_.memory_bytes();
}

std::size_t FilterTree::split(std::string_view topic, Level* levels, std::size_t levels_max) {
  Level* to = levels;
  return for_each_level(topic, [&](std::string_view text, LevelKey key) {
    if (to == levels + levels_max) return;
    to->text = text.data();
    to->bytes = static_cast<std::uint32_t>(text.size());
    to->has_key = text.size() <= short_level_bytes;
    to->key = key;
    ++to;
  });
}

}  // namespace mqz::broker
