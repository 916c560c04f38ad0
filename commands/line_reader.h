// Cuts what a descriptor gives into lines, in large reads and without copying a line.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace mqz::commands {

class LineReader {
 public:
  LineReader(int fd, char separator) : fd_(fd), separator_(separator) {}

  // The next line without its separator, if one is buffered whole; after the end of input also what
  // stands behind the last separator. The view lives until the next fill.
  std::optional<std::string_view> next();

  enum class Fill : unsigned char { got, end, failed, too_long };
  // One read, which waits when nothing is there. `failed` leaves errno.
  Fill fill();

  bool at_end() const { return ended_ && begin_ == end_; }
  // After a fill: does what is buffered end within a line?
  bool has_partial_line() const { return end_ > begin_ && buffer_[end_ - 1] != separator_; }
  int fd() const { return fd_; }
  // Does a read return at once? True for files, and at the end of input.
  bool is_ready() const;

 private:
  void make_room();

  int fd_;
  char separator_;
  std::unique_ptr<char[]> buffer_{};
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t searched_ = 0;  // up to here there is no separator
  bool ended_ = false;
};

}  // namespace mqz::commands
