#include "commands/suggest.h"

#include <fmt/core.h>

#include "lib/base/nearest.h"

namespace mqz::commands {

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates,
                         std::string_view prefix) {
  const std::string_view best = nearest_word(word, candidates);
  return best.empty() ? std::string{} : fmt::format("did you mean '{}{}'?", prefix, best);
}

}  // namespace mqz::commands
