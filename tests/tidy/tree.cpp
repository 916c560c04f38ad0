#include "tests/tidy/tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace mqz::tidy {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view text_endings[] = {".h",    ".cpp", ".py",   ".md",   ".txt", ".cmake",
                                             ".bash", ".in",  ".fish", ".conf", ".toml"};

bool is_text(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!path.has_extension()) return path.string().find("packaging") != std::string::npos;
  return std::any_of(std::begin(text_endings), std::end(text_endings),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<File> read_tree() {
  std::vector<File> files;
  const fs::path top = MQZ_SOURCE_DIR;
  for (auto at = fs::recursive_directory_iterator(top); at != fs::recursive_directory_iterator();
       ++at) {
    const std::string name = at->path().filename().string();
    const bool build = at.depth() == 0 && name.starts_with("build");
    const bool corpus = name == "corpus" || name == "__pycache__";
    if (at->is_directory() && (build || corpus || name.starts_with('.'))) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file() && is_text(at->path())) {
      files.push_back(make_file(fs::relative(at->path(), top).string(), read(at->path())));
    }
  }
  std::sort(files.begin(), files.end(),
            [](const File& a, const File& b) { return a.path < b.path; });
  return files;
}

}  // namespace

File make_file(std::string path, std::string text) {
  File file{std::move(path), std::move(text), {}};
  std::istringstream stream(file.text);
  for (std::string line; std::getline(stream, line);) file.lines.push_back(line);
  return file;
}

const std::vector<File>& tree() {
  static const std::vector<File> files = read_tree();
  return files;
}

const File* find_file(std::string_view path) {
  const auto& files = tree();
  const auto at =
      std::find_if(files.begin(), files.end(), [&](const File& file) { return file.path == path; });
  return at == files.end() ? nullptr : &*at;
}

std::vector<Include> includes_of(const File& file) {
  std::vector<Include> includes;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    std::string_view line = file.lines[i];
    if (!line.starts_with("#include ")) continue;
    line.remove_prefix(9);
    const auto end = line.find_first_of("\">", 1);
    if (line.empty() || end == std::string_view::npos) continue;
    includes.push_back({std::string(line.substr(1, end - 1)), line[0] == '"', i + 1});
  }
  return includes;
}

std::string at_line(const File& file, std::size_t line, std::string_view text) {
  return file.path + ":" + std::to_string(line) + ": " + std::string(text);
}

std::string joined(const std::vector<std::string>& complaints) {
  std::string text;
  for (const std::string& complaint : complaints) text += complaint + "\n";
  return text;
}

}  // namespace mqz::tidy
