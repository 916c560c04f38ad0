#include "commands/scrub.h"

#include <cstring>
#include <string_view>

#include "commands/values.h"

namespace mqz::commands {

namespace {

// A value stands alone in its word, or at its end behind "--name=" or "-P".
void scrub_value(char* word, std::string_view value, std::size_t from, std::size_t size) {
  const std::string_view text(word);
  if (size == 0 || !text.ends_with(value)) return;
  std::memset(word + (text.size() - value.size()) + from, 'x', size);
}

}  // namespace

void scrub(const Parsed& parsed, std::span<char* const> words) {
  for_each_option(parsed.command(), [&](const Option& option) {
    if (!parsed.typed(option.name)) return;
    if (!option.secret && option.type != ValueType::url) return;
    for (const std::string& value : parsed.texts(option.name)) {
      const Stretch hole = option.secret ? Stretch{0, value.size()} : password_in(value);
      for (char* word : words) scrub_value(word, value, hole.begin, hole.size);
    }
  });
}

}  // namespace mqz::commands
