#include "lib/backend/outbox.h"

#include <algorithm>
#include <cstring>

namespace mqz::backend {
namespace {

constexpr std::size_t kept_bytes_max = 1U << 20U;  // a larger block is returned when empty

}  // namespace

std::byte* Outbox::grow(std::size_t size) {
  if (capacity_ - end_ < size) make_room(size);
  std::byte* at = block_.get() + end_;
  end_ += size;
  return at;
}

void Outbox::append(Bytes bytes) {
  std::byte* at = grow(bytes.size());
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
}

void Outbox::make_room(std::size_t size) {
  const std::size_t used = end_ - begin_;
  if (capacity_ < used + size || begin_ < capacity_ / 2) {
    capacity_ = std::max({used + size, capacity_ * 2, std::size_t{4096}});
    std::unique_ptr<std::byte[]> larger(new std::byte[capacity_]);
    if (used > 0) std::memcpy(larger.get(), block_.get() + begin_, used);
    block_ = std::move(larger);
  } else {
    std::memmove(block_.get(), block_.get() + begin_, used);
  }
  begin_ = 0;
  end_ = used;
}

void Outbox::consume(std::size_t bytes) {
  begin_ += bytes;
  if (begin_ < end_) return;
  clear();
  if (capacity_ > kept_bytes_max) {
    block_.reset();
    capacity_ = 0;
  }
}

}  // namespace mqz::backend
