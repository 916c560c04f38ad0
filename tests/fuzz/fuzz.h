// What every fuzzer needs: its entry point's name and a check that stops it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/base/check.h"

// Called by libFuzzer with each input; returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace mqz::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace mqz::fuzz
