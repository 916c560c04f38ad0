#include "lib/broker/retained_tree.h"

#include <utility>

namespace mqz::broker {

RetainedTree::RetainedTree(std::uint64_t hash_seed)
    : hash_(hash_seed), texts_(hash_), root_(nodes_.allocate()) {}

bool RetainedTree::set(MessageRef message) {
  NodeId at = root_;
  for_each_level(message->topic(),
                 [&](std::string_view level, LevelKey) { at = child_or_new(at, level); });
  MessageRef& kept = nodes_[at].message;
  const bool is_new = !kept;
  if (is_new) {
    ++message_count_;
  } else {
    message_bytes_ -= kept->bytes();
  }
  message_bytes_ += message->bytes();
  kept = std::move(message);
  return is_new;
}

bool RetainedTree::erase(std::string_view topic) {
  const NodeId id = node_of(topic);
  if (id == no_node || !nodes_[id].message) return false;
  --message_count_;
  message_bytes_ -= nodes_[id].message->bytes();
  nodes_[id].message = MessageRef();
  prune(id);
  return true;
}

const MessageRef* RetainedTree::find(std::string_view topic) const {
  const NodeId id = node_of(topic);
  return id == no_node || !nodes_[id].message ? nullptr : &nodes_[id].message;
}

NodeId RetainedTree::node_of(std::string_view topic) const {
  NodeId at = root_;
  for_each_level(topic,
                 [&](std::string_view level, LevelKey) { at = child(at, texts_.find(level)); });
  return at;
}

NodeId RetainedTree::child(NodeId parent, LevelKey key) const {
  const NodeId first = nodes_[parent].first;
  if (first == no_node || nodes_[first].key == key) return first;
  if (nodes_[first].before == first) return no_node;
  return edges_.find(tag_of(parent, key), [&](NodeId id) {
    return nodes_[id].key == key && nodes_[id].parent == parent;
  });
}

NodeId RetainedTree::child_or_new(NodeId parent, std::string_view level) {
  if (const NodeId known = child(parent, texts_.find(level)); known != no_node) return known;
  const NodeId id = nodes_.allocate();
  Node& node = nodes_[id];
  node.key = texts_.acquire(level);
  node.parent = parent;
  const NodeId first = nodes_[parent].first;
  if (first == no_node) {
    nodes_[parent].first = id;
    node.before = id;
    return id;
  }
  const NodeId youngest = std::exchange(nodes_[first].before, id);
  nodes_[youngest].after = id;
  node.before = youngest;
  edges_.insert(tag_of(parent, node.key), id);
  return id;
}

void RetainedTree::unlink(NodeId id) {
  const Node& node = nodes_[id];
  Node& above = nodes_[node.parent];
  if (above.first == id) {
    above.first = node.after;
    if (node.after == no_node) return;
    nodes_[node.after].before = node.before;
    edges_.erase(tag_of(node.parent, nodes_[node.after].key), node.after);
    return;
  }
  nodes_[node.before].after = node.after;
  nodes_[node.after == no_node ? above.first : node.after].before = node.before;
  edges_.erase(tag_of(node.parent, node.key), id);
}

void RetainedTree::prune(NodeId id) {
  while (id != root_ && !nodes_[id].message && nodes_[id].first == no_node &&
         (pins_.empty() || !pins_.contains(id))) {
    const NodeId parent = nodes_[id].parent;
    unlink(id);
    texts_.release(nodes_[id].key);
    nodes_.free(id);
    id = parent;
  }
}

void RetainedTree::pin(NodeId id) { ++pins_[id]; }

void RetainedTree::unpin(NodeId id) {
  const auto found = pins_.find(id);
  if (--found->second != 0) return;
  pins_.erase(found);
  prune(id);
}

bool RetainedTree::is_hidden(NodeId id) const {
  const LevelKey key = nodes_[id].key;
  return texts_.text(key).starts_with('$');
}

std::size_t RetainedTree::memory_bytes() const {
  return nodes_.memory_bytes() + edges_.memory_bytes() + texts_.memory_bytes();
}

RetainedTree::Cursor::Cursor(Cursor&& other) noexcept
    : tree_(std::exchange(other.tree_, nullptr)),
      filter_(std::move(other.filter_)),
      levels_(std::move(other.levels_)),
      node_(other.node_),
      pinned_(std::exchange(other.pinned_, no_node)),
      depth_(other.depth_),
      done_(std::exchange(other.done_, true)) {}

RetainedTree::Cursor& RetainedTree::Cursor::operator=(Cursor&& other) noexcept {
  if (this == &other) return *this;
  rest(no_node);
  tree_ = std::exchange(other.tree_, nullptr);
  filter_ = std::move(other.filter_);
  levels_ = std::move(other.levels_);
  node_ = other.node_;
  pinned_ = std::exchange(other.pinned_, no_node);
  depth_ = other.depth_;
  done_ = std::exchange(other.done_, true);
  return *this;
}

RetainedTree::Cursor::~Cursor() { rest(no_node); }

void RetainedTree::Cursor::prepare() {
  levels_.clear();
  for_each_level(filter_, [&](std::string_view level, LevelKey) {
    const auto kind = level == "+"   ? Level::Kind::plus
                      : level == "#" ? Level::Kind::hash
                                     : Level::Kind::name;
    levels_.push_back({kind, kind == Level::Kind::name ? tree_->texts_.find(level) : 0});
  });
  if (node_ == no_node) node_ = tree_->root_;
}

bool RetainedTree::Cursor::advance() {
  ++depth_;
  if (enter(descend())) return true;
  for (;;) {
    if (--depth_ == 0) return false;
    if (is_list(depth_) && enter(tree_->nodes_[node_].after)) return true;
    node_ = tree_->nodes_[node_].parent;
  }
}

bool RetainedTree::Cursor::enter(NodeId candidate) {
  if (depth_ == 1 && is_list(1)) {
    while (candidate != no_node && tree_->is_hidden(candidate)) {
      candidate = tree_->nodes_[candidate].after;
    }
  }
  if (candidate != no_node) node_ = candidate;
  return candidate != no_node;
}

// The first child of node_ that may be on the way; depth_ is the child's already.
NodeId RetainedTree::Cursor::descend() const {
  if (depth_ > levels_.size() && levels_.back().kind != Level::Kind::hash) return no_node;
  if (is_list(depth_)) return tree_->nodes_[node_].first;
  return tree_->child(node_, levels_[depth_ - 1].key);
}

bool RetainedTree::Cursor::is_list(std::uint32_t depth) const {
  return depth > levels_.size() || levels_[depth - 1].kind != Level::Kind::name;
}

bool RetainedTree::Cursor::is_match() const {
  if (!tree_->nodes_[node_].message) return false;
  return levels_.back().kind == Level::Kind::hash ? depth_ + 1 >= levels_.size()
                                                  : depth_ == levels_.size();
}

void RetainedTree::Cursor::rest(NodeId id) {
  if (tree_ == nullptr) return;
  if (id != no_node) tree_->pin(id);
  if (pinned_ != no_node) tree_->unpin(pinned_);
  pinned_ = id;
}

}  // namespace mqz::broker
