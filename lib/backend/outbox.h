// Bytes waiting to be sent, in one contiguous block, so that a turn's packets go out in one write.
#pragma once

#include <cstddef>
#include <memory>

#include "lib/base/bytes.h"

namespace mqz::backend {

class Outbox {
 public:
  // Room for exactly `size` more bytes; the caller fills it. Valid until the next call.
  std::byte* grow(std::size_t size);
  void append(Bytes bytes);

  Bytes pending() const { return {block_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  void consume(std::size_t bytes);
  void clear() { begin_ = end_ = 0; }

 private:
  void make_room(std::size_t size);

  std::unique_ptr<std::byte[]> block_{};
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace mqz::backend
