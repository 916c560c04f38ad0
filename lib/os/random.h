// Random bytes from the system; never for tests' choices, which come from seeds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mqz::os {

void fill_random(std::span<std::byte> bytes);
std::uint64_t random_u64();
std::string random_text(std::size_t chars);  // letters and digits

}  // namespace mqz::os
