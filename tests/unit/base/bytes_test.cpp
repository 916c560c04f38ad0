#include "lib/base/bytes.h"

#include <array>
#include <catch2/catch.hpp>

TEST_CASE("integers are stored big-endian and read back", "[base]") {
  std::array<std::byte, 4> room{};
  mqz::store_u32(room.data(), 0x01020304);
  CHECK(room[0] == std::byte{1});
  CHECK(room[3] == std::byte{4});
  CHECK(mqz::load_u32(room.data()) == 0x01020304);
}
