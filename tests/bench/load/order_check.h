// Tells lost, reordered and duplicated messages apart. A slot is one stream as one receiver sees
// it; in each slot numbers are expected from 0 upwards without gaps. [MQTT-4.6.0-5], [MQTT-4.6.0-6]
#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

namespace mqz::bench {

struct OrderFaults {
  std::uint64_t lost = 0;
  std::uint64_t reordered = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t foreign = 0;  // nothing that was sent to this receiver
};

class OrderCheck {
 public:
  explicit OrderCheck(std::size_t slots) : next_(slots, 0) {}

  void see(std::size_t slot, std::uint32_t number) {
    if (slot < next_.size() && next_[slot] == number) {
      ++next_[slot];
    } else {
      see_unexpected(slot, number);
    }
  }

  // `sent` is how many messages the slot's stream had; call once per slot at the end.
  void finish(std::size_t slot, std::uint32_t sent);
  OrderFaults faults() const;

 private:
  void see_unexpected(std::size_t slot, std::uint32_t number);

  std::vector<std::uint32_t> next_;
  std::unordered_set<std::uint64_t> missing_;  // slot << 32 | number; at most missing_max
  OrderFaults faults_;
};

}  // namespace mqz::bench
