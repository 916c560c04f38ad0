#include "lib/base/rules.h"
#include "lib/mqtt/decode.h"

namespace mqz::mqtt {

namespace {

// The fixed header after its first byte: Remaining Length and the bytes it takes, 0 while unknown.
struct Length {
  FrameStatus status = FrameStatus::incomplete;
  std::size_t remaining{};
  std::size_t header_bytes{};
};

// Tells the forms that cannot become valid apart before their last byte has come.
Length read_length(Bytes input) {
  constexpr std::size_t bytes_max = 4;
  std::size_t remaining = 0;
  for (std::size_t i = 0; i < bytes_max && i + 1 < input.size(); ++i) {
    const auto byte = std::to_integer<std::size_t>(input[i + 1]);
    remaining |= (byte & 0x7FU) << (7 * i);
    if (byte >= 0x80) {
      if (i + 1 == bytes_max) return {FrameStatus::malformed};
      continue;
    }
    if (MQZ_RULE(shortest_length) && byte == 0 && i > 0) return {FrameStatus::malformed};
    return {FrameStatus::complete, remaining, i + 2};
  }
  return {};
}

FrameResult status_only(FrameStatus status) { return {status, {}, 0}; }

}  // namespace

FrameResult next_long_frame(Bytes input, std::size_t bytes_max) {
  if (input.empty()) return status_only(FrameStatus::incomplete);
  const auto first = std::to_integer<unsigned>(input[0]);
  const unsigned flags = first & 0x0FU;
  if ((allowed_flags[first >> 4U] >> flags & 1U) == 0) return status_only(FrameStatus::malformed);

  const Length length = read_length(input);
  if (length.status != FrameStatus::complete) return status_only(length.status);
  const std::size_t bytes = length.header_bytes + length.remaining;
  if (bytes > bytes_max) return status_only(FrameStatus::too_large);
  if (bytes > input.size()) return {FrameStatus::incomplete, {}, bytes};
  return {FrameStatus::complete,
          {static_cast<PacketType>(first >> 4U), static_cast<std::uint8_t>(flags),
           input.subspan(length.header_bytes, length.remaining), bytes},
          0};
}

}  // namespace mqz::mqtt
