// Whole small files, read as text: configuration and the like.
#pragma once

#include <string>
#include <vector>

#include "lib/base/error.h"

namespace mqz::os {

class TextFiles {
 public:
  virtual ~TextFiles() = default;
  // At most 16 MB. Errors: not_found, refused (no permission), invalid (a directory, too large),
  // io.
  virtual Result<std::string> read(const std::string& path) const = 0;
  // The names (not paths) of what is in a directory, sorted, without . and ..
  virtual Result<std::vector<std::string>> list(const std::string& directory) const = 0;
};

class DiskFiles final : public TextFiles {
 public:
  Result<std::string> read(const std::string& path) const override;
  Result<std::vector<std::string>> list(const std::string& directory) const override;
};

}  // namespace mqz::os
