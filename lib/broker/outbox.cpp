#include "lib/broker/outbox.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "lib/base/check.h"

namespace mqz::broker {
namespace {

constexpr std::size_t chunk_bytes_min = 480;
constexpr std::size_t between_payloads = 112;  // for the head of a packet
constexpr std::size_t chunk_bytes_max = 64 * 1024 - 64;

}  // namespace

Outbox::Chunk* Outbox::make_chunk(std::size_t capacity) {
  void* room = ::operator new(sizeof(Chunk) + capacity);
  auto* chunk = new (room) Chunk{};
  chunk->capacity = static_cast<std::uint32_t>(capacity);
  return chunk;
}

void Outbox::link(Chunk* chunk) {
  (tail_ == nullptr ? head_ : tail_->next) = chunk;
  tail_ = chunk;
}

// Chunks grow with what already waits, so a lone small packet costs little and a stream few chunks.
// Behind a payload that is kept elsewhere there is seldom more than one head before the next.
void Outbox::add_chunk(std::size_t size_min) {
  const bool is_behind_payload = tail_ != nullptr && tail_->payload;
  const std::size_t grown = is_behind_payload
                                ? between_payloads
                                : std::clamp(bytes_ * 2, chunk_bytes_min, chunk_bytes_max);
  link(make_chunk(std::max(size_min, grown)));
}

void Outbox::append(Bytes bytes) {
  if (bytes.empty()) return;
  std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
}

void Outbox::append_payload(const MessageRef& message) {
  const Bytes payload = message->payload();
  if (payload.size() < reference_bytes_min) {
    append(payload);
    return;
  }
  Chunk* chunk = make_chunk(0);
  chunk->payload = message;
  chunk->filled = static_cast<std::uint32_t>(payload.size());
  chunk->capacity = chunk->filled;
  link(chunk);
  bytes_ += payload.size();
}

const std::byte* Outbox::start(Chunk& chunk) {
  return chunk.payload ? chunk.payload->payload().data() : chunk.bytes();
}

std::size_t Outbox::pieces(std::span<iovec> into) const {
  std::size_t count = 0;
  std::size_t done = head_done_;
  for (Chunk* chunk = head_; chunk != nullptr && count < into.size(); chunk = chunk->next) {
    if (chunk->filled > done) {
      into[count].iov_base = const_cast<std::byte*>(start(*chunk)) + done;
      into[count].iov_len = chunk->filled - done;
      ++count;
    }
    done = 0;
  }
  return count;
}

void Outbox::drop_head() {
  Chunk* next = head_->next;
  head_->~Chunk();
  ::operator delete(head_);
  head_ = next;
  if (head_ == nullptr) tail_ = nullptr;
  head_done_ = 0;
}

void Outbox::consume(std::size_t count) {
  MQZ_CHECK(count <= bytes_);
  bytes_ -= count;
  while (head_ != nullptr) {
    const std::size_t rest = head_->filled - head_done_;
    if (count < rest) {
      head_done_ += static_cast<std::uint32_t>(count);
      return;
    }
    count -= rest;
    drop_head();
  }
}

void Outbox::clear() {
  while (head_ != nullptr) drop_head();
  bytes_ = 0;
}

}  // namespace mqz::broker
