// The files of this project, read once, for tests that hold its rules.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mqz::tidy {

struct File {
  std::string path{};  // from the top: "lib/base/bytes.h"
  std::string text{};
  std::vector<std::string> lines{};

  bool in(std::string_view folder) const { return path.starts_with(folder); }
  bool is_header() const { return path.ends_with(".h"); }
  bool is_cpp() const { return is_header() || path.ends_with(".cpp"); }
};

File make_file(std::string path, std::string text);

// Every text file but those in build folders and below names that begin with a dot.
const std::vector<File>& tree();

const File* find_file(std::string_view path);

struct Include {
  std::string name{};  // "lib/base/bytes.h", "sys/epoll.h"
  bool quoted = false;
  std::size_t line = 0;
};
std::vector<Include> includes_of(const File& file);

// "lib/x.h:12: text"
std::string at_line(const File& file, std::size_t line, std::string_view text);

// One complaint per line, for the expansion of a failed CHECK.
std::string joined(const std::vector<std::string>& complaints);

}  // namespace mqz::tidy
