// The shared group that gave a queue some of its entries. Queues may be long, so entries of the
// same group have the same one, counted without a lock: it stays with its shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "lib/base/slots.h"

namespace mqz::broker {

struct ShareSource {
  SlotId group{};        // at the front
  std::string filter{};  // of the group, whole, if a durable member could have been picked
};

class ShareSourceRef {
 public:
  ShareSourceRef() = default;
  explicit ShareSourceRef(ShareSource source) : counted_(new Counted{std::move(source)}) {}
  ShareSourceRef(const ShareSourceRef& other) : counted_(other.counted_) {
    if (counted_ != nullptr) ++counted_->owners;
  }
  ShareSourceRef(ShareSourceRef&& other) noexcept
      : counted_(std::exchange(other.counted_, nullptr)) {}
  ShareSourceRef& operator=(ShareSourceRef other) noexcept {
    std::swap(counted_, other.counted_);
    return *this;
  }
  ~ShareSourceRef() {
    if (counted_ != nullptr && --counted_->owners == 0) delete counted_;
  }

  explicit operator bool() const { return counted_ != nullptr; }
  ShareSource* operator->() const { return &counted_->source; }
  bool is_shared() const { return counted_ != nullptr && counted_->owners > 1; }

 private:
  struct Counted {
    ShareSource source{};
    std::size_t owners = 1;
  };
  Counted* counted_ = nullptr;
};

// Those of a shard.
class ShareSources {
 public:
  ShareSourceRef find(SlotId group, std::string_view filter) {
    if (known_.size() >= tidy_at_) tidy();
    const std::uint64_t key = std::uint64_t{group.slot} << 32U | group.generation;
    ShareSourceRef& known = known_[key];
    if (!known || known->filter != filter)
      known = ShareSourceRef(ShareSource{group, std::string(filter)});
    return known;
  }
  std::size_t size() const { return known_.size(); }

 private:
  // No entry has these.
  void tidy() {
    std::erase_if(known_, [](const auto& one) { return !one.second.is_shared(); });
    tidy_at_ = 2 * known_.size() + tidy_least;
  }

  static constexpr std::size_t tidy_least = 64;
  std::unordered_map<std::uint64_t, ShareSourceRef> known_{};
  std::size_t tidy_at_ = tidy_least;
};

}  // namespace mqz::broker
