// Memory for small objects that come and go in the hundreds at once, as messages do between their
// proposal and their place: more than the few of a size that malloc keeps at hand. What a thread
// frees it keeps for itself, up to 128 KB of each size; larger blocks are malloc's alone.
#pragma once

#include <cstddef>

namespace mqz {

// Aligned to 16 bytes. Ends the process when there is no memory, as operator new does.
void* take_block(std::size_t bytes);

// `bytes` as it was taken; any thread may free.
void free_block(void* block, std::size_t bytes);

}  // namespace mqz
