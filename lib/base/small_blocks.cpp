#include "lib/base/small_blocks.h"

#include <array>
#include <new>

namespace mqz {

namespace {

// A sanitizer is to see every block come and go.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool keeps = false;
#elif defined(__has_feature)
constexpr bool keeps = !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);
#else
constexpr bool keeps = true;
#endif

constexpr std::size_t step = 16;
constexpr std::size_t size_count = 32;
constexpr std::size_t kept_bytes_max = 128U << 10U;  // of one size
constexpr std::size_t header = 8;                    // malloc's, in front of each block

// Blocks whose room in malloc is the same.
std::size_t size_index(std::size_t bytes) { return (bytes + header - 1) / step; }
std::size_t room_of(std::size_t index) { return (index + 1) * step - header; }

class Kept {
 public:
  Kept() = default;
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  ~Kept() {
    for (List& list : lists_) {
      while (list.first != nullptr) ::operator delete(pop(list));
      list.bytes = kept_bytes_max;  // who frees later, as the thread ends, frees for good
    }
  }

  void* take(std::size_t index) {
    List& list = lists_[index];
    if (list.first == nullptr) return ::operator new(room_of(index));
    list.bytes -= room_of(index);
    return pop(list);
  }

  void put(void* block, std::size_t index) {
    List& list = lists_[index];
    if (list.bytes + room_of(index) > kept_bytes_max) return ::operator delete(block);
    list.bytes += room_of(index);
    list.first = new (block) Free{list.first};
  }

 private:
  struct Free {
    Free* next;
  };
  struct List {
    Free* first = nullptr;
    std::size_t bytes = 0;
  };
  static void* pop(List& list) {
    Free* const block = list.first;
    list.first = block->next;
    return block;
  }
  std::array<List, size_count> lists_{};
};

thread_local Kept kept;

}  // namespace

void* take_block(std::size_t bytes) {
  const std::size_t index = size_index(bytes);
  return keeps && index < size_count ? kept.take(index) : ::operator new(bytes);
}

void free_block(void* block, std::size_t bytes) {
  const std::size_t index = size_index(bytes);
  if (keeps && index < size_count) return kept.put(block, index);
  ::operator delete(block);
}

}  // namespace mqz
