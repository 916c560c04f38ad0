// The bytes on their way to one connection: small packets are copied one behind another into
// chunks, large payloads are referenced where they lie. Empty, it holds no memory. A chunk never
// moves while bytes of it are waiting, so a pointer to a packet just written stays good for the
// turn.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "lib/base/bytes.h"
#include "lib/broker/message.h"

namespace mqz::broker {

class Outbox {
 public:
  // Payloads from this size on are referenced, not copied.
  static constexpr std::size_t reference_bytes_min = 4096;

  Outbox() = default;
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;
  ~Outbox() { clear(); }

  // Room for `size` bytes in one piece, to be filled at once by the caller.
  std::byte* reserve(std::size_t size) {
    if (tail_ != nullptr && tail_->capacity - tail_->filled >= size) return take(size);
    add_chunk(size);
    return take(size);
  }
  void append(Bytes bytes);
  // The payload of a message, kept alive by its reference.
  void append_payload(const MessageRef& message);

  bool empty() const { return bytes_ == 0; }
  std::size_t bytes() const { return bytes_; }

  // The first waiting pieces; returns how many of `into` were filled.
  std::size_t pieces(std::span<iovec> into) const;
  // `count` bytes were written away; counts at most bytes().
  void consume(std::size_t count);
  void clear();

 private:
  struct Chunk {
    Chunk* next{};
    MessageRef payload{};  // set: the piece is this payload and has no bytes of its own
    std::uint32_t capacity{};
    std::uint32_t filled{};
    std::byte* bytes() { return reinterpret_cast<std::byte*>(this + 1); }
  };

  std::byte* take(std::size_t size) {
    std::byte* at = tail_->bytes() + tail_->filled;
    tail_->filled += static_cast<std::uint32_t>(size);
    bytes_ += size;
    return at;
  }
  static Chunk* make_chunk(std::size_t capacity);
  void add_chunk(std::size_t size_min);
  void link(Chunk* chunk);
  void drop_head();
  static const std::byte* start(Chunk& chunk);

  Chunk* head_ = nullptr;
  Chunk* tail_ = nullptr;
  std::size_t bytes_ = 0;
  std::uint32_t head_done_ = 0;  // bytes of the head piece already written away
};

}  // namespace mqz::broker
