#include "commands/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace mqz::commands {
namespace {

constexpr std::size_t block = 128U << 10U;
constexpr std::size_t line_max = 268'435'455;  // no MQTT packet is larger

}  // namespace

std::optional<std::string_view> LineReader::next() {
  if (begin_ == end_) return std::nullopt;
  const char* from = buffer_.get() + searched_;
  const auto* at = static_cast<const char*>(std::memchr(from, separator_, end_ - searched_));
  if (at == nullptr) {
    searched_ = end_;
    if (!ended_) return std::nullopt;
    const std::string_view rest(buffer_.get() + begin_, end_ - begin_);
    begin_ = end_;
    return rest;
  }
  const auto stop = static_cast<std::size_t>(at - buffer_.get());
  const std::string_view line(buffer_.get() + begin_, stop - begin_);
  begin_ = searched_ = stop + 1;
  return line;
}

void LineReader::make_room() {
  const std::size_t used = end_ - begin_;
  if (used + block > capacity_) {
    capacity_ = std::max(used + block, capacity_ * 2);
    std::unique_ptr<char[]> larger(new char[capacity_]);
    if (used > 0) std::memcpy(larger.get(), buffer_.get() + begin_, used);
    buffer_ = std::move(larger);
  } else if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, used);
  }
  searched_ -= begin_;
  begin_ = 0;
  end_ = used;
}

LineReader::Fill LineReader::fill() {
  if (end_ - begin_ > line_max) return Fill::too_long;
  make_room();
  ssize_t got = 0;
  do {
    got = ::read(fd_, buffer_.get() + end_, capacity_ - end_);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return Fill::failed;
  end_ += static_cast<std::size_t>(got);
  ended_ = got == 0;
  return ended_ ? Fill::end : Fill::got;
}

bool LineReader::is_ready() const {
  pollfd waiting{fd_, POLLIN, 0};
  return ::poll(&waiting, 1, 0) > 0;
}

}  // namespace mqz::commands
