// "Did you mean …?": the candidate that is nearest to a mistyped word.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace mqz {

// How many insertions, deletions, substitutions and swaps of neighbours turn one word into the
// other. Only the first 64 bytes of each count.
std::size_t edit_distance(std::string_view from, std::string_view to);

// Empty if none is near: at most a third of the longer word's length, and at most three edits.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace mqz
