// A set of packet identifiers, two bits of memory per identifier where they are dense and none
// while empty.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>

namespace mqz::broker {

class PacketIdSet {
 public:
  bool contains(std::uint16_t id) const {
    const Page* page = pages_ ? (*pages_)[id >> 10U].get() : nullptr;
    return page != nullptr && (page->bits[word(id)] & bit(id)) != 0;
  }

  // False when it was there already.
  bool insert(std::uint16_t id) {
    if (!pages_) pages_ = std::make_unique<Pages>();
    auto& page = (*pages_)[id >> 10U];
    if (!page) page = std::make_unique<Page>();
    if ((page->bits[word(id)] & bit(id)) != 0) return false;
    page->bits[word(id)] |= bit(id);
    ++page->count;
    ++count_;
    return true;
  }

  // False when it was not there.
  bool erase(std::uint16_t id) {
    if (!contains(id)) return false;
    auto& page = (*pages_)[id >> 10U];
    page->bits[word(id)] &= ~bit(id);
    if (--page->count == 0) page.reset();
    --count_;
    return true;
  }

  std::size_t size() const { return count_; }

  // visit(id), in ascending order.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (unsigned page = 0; pages_ && page < pages_->size(); ++page) {
      if (!(*pages_)[page]) continue;
      for (unsigned at = 0; at < 1024; ++at) {
        const auto id = static_cast<std::uint16_t>(page << 10U | at);
        if (contains(id)) visit(id);
      }
    }
  }

  void clear() {
    pages_.reset();
    count_ = 0;
  }

 private:
  struct Page {
    std::array<std::uint64_t, 16> bits{};
    std::uint32_t count = 0;
  };
  using Pages = std::array<std::unique_ptr<Page>, 64>;

  static std::size_t word(std::uint16_t id) { return (id & 1023U) >> 6U; }
  static std::uint64_t bit(std::uint16_t id) { return std::uint64_t{1} << (id & 63U); }

  std::unique_ptr<Pages> pages_{};
  std::size_t count_ = 0;
};

}  // namespace mqz::broker
