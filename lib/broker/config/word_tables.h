// The two halves of the table of words.
#pragma once

#include <span>

namespace mqz::broker {

struct Word;

std::span<const Word> working_words();
std::span<const Word> words_to_come();

}  // namespace mqz::broker
