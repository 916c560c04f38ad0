#include "lib/base/small_blocks.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace mqz {
namespace {

struct Block {
  void* at;
  std::size_t bytes;
  int mark;
};

Block take(std::size_t bytes, int mark) {
  Block block{take_block(bytes), bytes, mark};
  REQUIRE(reinterpret_cast<std::uintptr_t>(block.at) % 16 == 0);
  std::memset(block.at, mark, bytes);
  return block;
}

bool is_whole(const Block& block) {
  const auto* bytes = static_cast<const unsigned char*>(block.at);
  for (std::size_t i = 0; i < block.bytes; ++i) {
    if (bytes[i] != static_cast<unsigned char>(block.mark)) return false;
  }
  return true;
}

TEST_CASE("blocks of every small size, and larger ones, are whole and apart from each other") {
  std::vector<Block> blocks;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t bytes = 1; bytes < 700; ++bytes)
      blocks.push_back(take(bytes, static_cast<int>(bytes % 251)));
    for (const Block& block : blocks) REQUIRE(is_whole(block));
    for (std::size_t i = round == 1 ? 1 : 0; i < blocks.size(); ++i)
      free_block(blocks[i].at, blocks[i].bytes);
    blocks.resize(round == 1 ? 1 : 0);
  }
}

TEST_CASE("more of a size than a thread keeps can be freed, and by another thread", "[threads]") {
  std::vector<Block> blocks;
  for (int i = 0; i < 20'000; ++i) blocks.push_back(take(100, i % 250));
  std::thread other([&] {
    for (const Block& block : blocks) free_block(block.at, block.bytes);
  });
  other.join();
  const Block again = take(100, 3);
  CHECK(is_whole(again));
  free_block(again.at, again.bytes);
}

}  // namespace
}  // namespace mqz
