#include "tests/simulation/history.h"

#include <fmt/format.h>

#include <algorithm>

namespace mqz::simulation {

void History::note(std::string_view who, std::string_view what) {
  if (with_trace_) trace += fmt::format("{:>6} {:<8} {}\n", moment_, who, what);
}

bool History::has_crashed(Moment from, Moment until) const {
  return std::ranges::any_of(crashes, [&](Moment at) { return at > from && at < until; });
}

void History::complain(std::string_view who, std::string_view what) {
  note(who, fmt::format("COMPLAINS: {}", what));
  complaints += fmt::format("{} at {}: {}\n", who, moment_, what);
}

}  // namespace mqz::simulation
