#include "lib/backend/url.h"

#include <charconv>

namespace mqz::backend {
namespace {

tl::unexpected<Error> bad_url(std::string_view why) {
  return fail(ErrorCode::invalid, "the URL " + std::string(why));
}

Result<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    unsigned value = 0;
    const char* from = text.data() + i + 1;
    if (i + 2 >= text.size() || std::from_chars(from, from + 2, value, 16).ptr != from + 2) {
      return bad_url("has a % that is not followed by two hexadecimal digits");
    }
    decoded.push_back(static_cast<char>(value));
    i += 2;
  }
  return decoded;
}

Result<void> take_login(std::string_view login, Url& url) {
  const std::size_t colon = login.find(':');
  auto user = percent_decode(login.substr(0, colon));
  if (!user) return tl::unexpected(user.error());
  if (!user->empty()) url.user = std::move(*user);
  if (colon == std::string_view::npos) return {};
  auto password = percent_decode(login.substr(colon + 1));
  if (!password) return tl::unexpected(password.error());
  url.password = std::move(*password);
  return {};
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos || mark == 0) return bad_url("has no scheme, as in mqtt://…");
  Url url;
  for (const char sign : text.substr(0, mark)) {
    url.scheme.push_back(sign >= 'A' && sign <= 'Z' ? static_cast<char>(sign - 'A' + 'a') : sign);
  }
  std::string_view rest = text.substr(mark + 3);
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) {
    url.target = rest.substr(slash);
    auto path = percent_decode(rest.substr(slash + 1));
    if (!path) return tl::unexpected(path.error());
    url.path = std::move(*path);
  }
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    if (auto login = take_login(authority.substr(0, at), url); !login) {
      return tl::unexpected(login.error());
    }
    authority.remove_prefix(at + 1);
  }
  url.hosts = authority;
  return url;
}

}  // namespace mqz::backend
