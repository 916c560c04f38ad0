#include "lib/broker/placement.h"

#include <algorithm>

namespace mqz::broker {

ShardIndex Placer::choose() {
  if (placement_ == Placement::spread) {
    const ShardIndex chosen = next_;
    next_ = static_cast<ShardIndex>((next_ + 1) % count_);
    return chosen;
  }
  const auto idle = std::ranges::find_if(loads_, [](std::uint16_t load) { return load < busy; });
  const auto least = idle != loads_.end() ? idle : std::ranges::min_element(loads_);
  const bool stays = are_passing_ || loads_.empty();
  const auto chosen = stays ? here_ : static_cast<ShardIndex>(least - loads_.begin());
  if (chosen == here_) ++kept_;
  return chosen;
}

void Placer::note(std::span<const std::uint16_t> loads, std::size_t held) {
  const std::uint64_t lasting = held > held_ ? held - held_ : 0;
  are_passing_ = kept_ >= visitors_min && lasting < kept_ / 2;
  loads_.assign(loads.begin(), loads.end());
  kept_ = 0;
  held_ = held;
}

}  // namespace mqz::broker
