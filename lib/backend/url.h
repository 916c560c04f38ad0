// The URL of a backend: scheme://[user[:password]@]hosts[/path].
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/error.h"

namespace mqz::backend {

struct Url {
  std::string scheme{};  // lower case
  std::optional<std::string> user{};
  std::optional<std::string> password{};
  std::string hosts{};   // "h1:1883,h2", as parse_servers reads it; empty when there is none
  std::string path{};    // without its first slash, percent-decoded
  std::string target{};  // the same as written, with its slash: what HTTP is asked for
};

Result<Url> parse_url(std::string_view text);

}  // namespace mqz::backend
