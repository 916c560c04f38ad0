#include "commands/message_format.h"

namespace mqz::commands {
namespace {

constexpr std::string_view letters = "%ACDEFIjJlmPpqRrStUxXbdf";
constexpr std::string_view time_letters = "IjJU";
constexpr std::string_view escape_letters = "\\0aenrtv";
constexpr std::string_view escape_values{"\\\0\a\033\n\r\t\v", 8};
constexpr std::size_t width_max = 65'535;

bool is_digit(char sign) { return sign >= '0' && sign <= '9'; }

}  // namespace

class FormatParser {
 public:
  FormatParser(std::string_view text, MessageFormat& format) : rest_(text), format_(format) {}

  std::string parse() {
    std::string wrong;
    while (wrong.empty() && !rest_.empty()) {
      const char sign = take();
      if (sign == '%') {
        wrong = parse_percent();
      } else if (sign == '@') {
        wrong = parse_strftime();
      } else if (sign == '\\') {
        wrong = parse_escape();
      } else {
        add_literal(sign);
      }
    }
    return wrong;
  }

 private:
  char take() {
    const char sign = rest_.front();
    rest_.remove_prefix(1);
    return sign;
  }
  bool take_if(char sign) {
    if (rest_.empty() || rest_.front() != sign) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_number(std::size_t& number) {
    while (!rest_.empty() && is_digit(rest_.front())) {
      number = number * 10 + static_cast<std::size_t>(take() - '0');
      if (number > width_max) return false;
    }
    return true;
  }
  void add_literal(char sign) {
    auto& steps = format_.steps_;
    if (steps.empty() || steps.back().kind != MessageFormat::Kind::literal) steps.emplace_back();
    steps.back().literal.push_back(sign);
  }

  std::string parse_percent() {
    MessageFormat::Step step{.kind = MessageFormat::Kind::percent};
    step.left = take_if('-');
    step.zeros = take_if('0');
    if (!take_number(step.width)) return "a width above 65535";
    if (take_if('.')) {
      step.precision = 0;
      if (!take_number(step.precision)) return "a precision above 65535";
    }
    if (rest_.empty()) return "the format ends within a % specifier";
    step.letter = take();
    if (letters.find(step.letter) == std::string_view::npos) {
      return std::string("%") + step.letter + " is not a format specifier";
    }
    if (step.letter == '%') {
      add_literal('%');
      return {};
    }
    if (time_letters.find(step.letter) != std::string_view::npos) format_.uses_time_ = true;
    format_.steps_.push_back(std::move(step));
    return {};
  }

  std::string parse_strftime() {
    if (rest_.empty()) return "the format ends after @";
    const char letter = take();
    if (letter == '@') {
      add_literal('@');
      return {};
    }
    format_.uses_time_ = true;
    format_.steps_.push_back({.kind = MessageFormat::Kind::strftime, .letter = letter});
    return {};
  }

  std::string parse_escape() {
    if (rest_.empty()) return "the format ends after a backslash";
    const char letter = take();
    const std::size_t at = escape_letters.find(letter);
    if (at == std::string_view::npos) return std::string("\\") + letter + " is not an escape";
    add_literal(escape_values[at]);
    return {};
  }

  std::string_view rest_;
  MessageFormat& format_;
};

tl::expected<MessageFormat, std::string> MessageFormat::parse(std::string_view text, bool pretty) {
  MessageFormat format;
  format.pretty_ = pretty;
  std::string wrong = FormatParser(text, format).parse();
  if (!wrong.empty()) return tl::unexpected(std::move(wrong));
  return format;
}

}  // namespace mqz::commands
