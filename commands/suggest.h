// "Did you mean ...?" for commands, flags, values and configuration keys.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mqz::commands {

// Damerau-Levenshtein (optimal string alignment): insertions, deletions, substitutions and swaps of
// neighbours that turn one word into the other.
std::size_t edit_distance(std::string_view from, std::string_view to);

// The nearest candidate, if it is near: at most two edits and at most a third of the longer word's
// length (but one edit for words of two letters). Empty if none is; the first of equally near ones.
std::string_view closest(std::string_view word, std::span<const std::string_view> candidates);

// "did you mean 'topic'?" with `prefix` before the word, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates,
                         std::string_view prefix = {});

}  // namespace mqz::commands
