#include "tests/bench/load/order_check.h"

namespace mqz::bench {
namespace {

constexpr std::size_t missing_max = 1'000'000;

std::uint64_t key(std::size_t slot, std::uint32_t number) {
  return static_cast<std::uint64_t>(slot) << 32 | number;
}

}  // namespace

void OrderCheck::see_unexpected(std::size_t slot, std::uint32_t number) {
  if (slot >= next_.size()) {
    ++faults_.foreign;
  } else if (number < next_[slot]) {
    if (missing_.erase(key(slot, number)) == 1) {
      ++faults_.reordered;
    } else {
      ++faults_.duplicated;
    }
  } else {
    for (std::uint32_t n = next_[slot]; n < number; ++n) {
      if (missing_.size() < missing_max) {
        missing_.insert(key(slot, n));
      } else {
        ++faults_.lost;
      }
    }
    next_[slot] = number + 1;
  }
}

void OrderCheck::finish(std::size_t slot, std::uint32_t sent) {
  if (sent > next_[slot]) faults_.lost += sent - next_[slot];
  if (sent < next_[slot]) faults_.foreign += next_[slot] - sent;
}

OrderFaults OrderCheck::faults() const {
  OrderFaults faults = faults_;
  faults.lost += missing_.size();
  return faults;
}

}  // namespace mqz::bench
