// Which published messages have not come back yet to their publisher, who subscribed to their
// topics
// (--verify).
#pragma once

#include <cstdint>
#include <unordered_map>

#include "lib/base/time.h"
#include "lib/mqtt/packets.h"

namespace mqz::commands {

class EchoCheck {
 public:
  void expect(const mqtt::Publish& message, MonoTime now);
  void arrived(const mqtt::Publish& message, MonoTime now);

  std::uint64_t missing() const { return missing_; }
  bool is_full() const { return missing_ >= missing_max; }
  // When something was sent or came back last.
  MonoTime progress_at() const { return progress_at_; }

 private:
  static constexpr std::uint64_t missing_max = 10'000;
  std::unordered_map<std::size_t, std::uint64_t> open_{};  // by hash: how many of that kind
  std::uint64_t missing_ = 0;
  MonoTime progress_at_{};
};

}  // namespace mqz::commands
