#include "tests/simulation/history.h"

#include <fmt/format.h>

namespace mqz::simulation {

void History::note(std::string_view who, std::string_view what) {
  if (with_trace_) trace += fmt::format("{:>6} {:<8} {}\n", moment_, who, what);
}

void History::complain(std::string_view who, std::string_view what) {
  note(who, fmt::format("COMPLAINS: {}", what));
  complaints += fmt::format("{} at {}: {}\n", who, moment_, what);
}

}  // namespace mqz::simulation
