#include "tests/scenario/transcript.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

namespace mqz::scenario {

namespace {

// One word of a line: up to a space, or with quotes in it up to the closing one.
struct Word {
  std::string text{};                        // unescaped
  std::size_t quote_at = std::string::npos;  // where in text the quoted part begins
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Reads behind an opening quote up to its closing one. False: there is none, or a bad escape.
bool read_quoted(std::string_view line, std::size_t& at, std::string& into) {
  for (; at < line.size(); ++at) {
    if (line[at] == '"') {
      ++at;
      return true;
    }
    if (line[at] != '\\') {
      into += line[at];
      continue;
    }
    if (++at == line.size()) return false;
    if (line[at] != 'x') {
      into += line[at];
      continue;
    }
    if (at + 2 >= line.size()) return false;
    const int high = hex_digit(line[at + 1]);
    const int low = hex_digit(line[at + 2]);
    if (high < 0 || low < 0) return false;
    into += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return false;
}

std::optional<std::vector<Word>> split_words(std::string_view line) {
  std::vector<Word> words;
  std::size_t at = 0;
  for (;;) {
    while (at < line.size() && line[at] == ' ') ++at;
    if (at == line.size()) return words;
    Word word;
    while (at < line.size() && line[at] != ' ') {
      if (line[at] != '"') {
        word.text += line[at++];
        continue;
      }
      if (word.quote_at == std::string::npos) word.quote_at = word.text.size();
      ++at;
      if (!read_quoted(line, at, word.text)) return std::nullopt;
    }
    words.push_back(std::move(word));
  }
}

bool ends_with(std::string_view text, std::string_view with) {
  return text.size() > with.size() && text.substr(text.size() - with.size()) == with;
}

Field parse_field(const Word& word) {
  const std::size_t equals = word.text.find('=');
  if (equals < word.quote_at && equals != std::string::npos) {
    Field field{word.text.substr(0, equals), word.text.substr(equals + 1), false,
                word.quote_at != std::string::npos, ends_with(word.text.substr(0, equals), "?")};
    if (field.optional) field.name.pop_back();
    return field;
  }
  if (word.text.size() > 1 && word.text[0] == '-')
    return {word.text.substr(1), "0", true, false, false};
  return {word.text, "1", false, false, false};
}

PacketText parse_packet(const std::vector<Word>& words, std::size_t from) {
  PacketText packet;
  packet.name = words[from].text;
  for (std::size_t i = from + 1; i < words.size(); ++i) {
    if (words[i].text == "," && words[i].quote_at == std::string::npos) continue;
    if (words[i].text == "exact") {
      packet.exact = true;
      continue;
    }
    packet.fields.push_back(parse_field(words[i]));
  }
  return packet;
}

// "0a1b" or "00*20" or "MQTT" in quotes, appended as bytes.
bool append_raw(const Word& word, std::string& bytes) {
  if (word.quote_at != std::string::npos) {
    bytes += word.text;
    return word.quote_at == 0;
  }
  const std::size_t star = word.text.find('*');
  const std::string digits = word.text.substr(0, star);
  if (digits.empty() || digits.size() % 2 != 0) return false;
  std::string piece;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = hex_digit(digits[i]);
    const int low = hex_digit(digits[i + 1]);
    if (high < 0 || low < 0) return false;
    piece += static_cast<char>(high * 16 + low);
  }
  unsigned times = 1;
  if (star != std::string::npos) {
    const char* end = word.text.data() + word.text.size();
    const auto read = std::from_chars(word.text.data() + star + 1, end, times);
    if (read.ec != std::errc{} || read.ptr != end) return false;
  }
  while (times-- > 0) bytes += piece;
  return true;
}

// "+2h", "-2h"
std::optional<Millis> parse_time(std::string_view text) {
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  long count = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + 1, end, count);
  if (read.ec != std::errc{}) return std::nullopt;
  if (text[0] == '-') count = -count;
  const std::string_view unit(read.ptr, static_cast<std::size_t>(end - read.ptr));
  if (unit == "ms") return Millis(count);
  if (unit == "s") return std::chrono::seconds(count);
  if (unit == "m") return std::chrono::minutes(count);
  if (unit == "h") return std::chrono::hours(count);
  return std::nullopt;
}

std::vector<std::string> split_names(std::string_view names) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t at = names.find('|');
    parts.emplace_back(names.substr(0, at));
    if (at == std::string_view::npos) return parts;
    names.remove_prefix(at + 1);
  }
}

bool is_version(std::string_view word) { return word == "v31" || word == "v311" || word == "v5"; }

class LineParser {
 public:
  LineParser(int line, const std::vector<Word>& words, std::vector<Step>& steps)
      : line_(line), words_(words), steps_(steps) {}

  // Adds the line's steps. False: it is none that the language has.
  bool parse() {
    const std::string& first = words_[0].text;
    if (first == "config") return words_.size() > 2 && configure();
    if (first == "at" && words_.size() == 2) return advance();
    if (first == "wall" && words_.size() == 2) return step_clock();
    if (first == "broker") return broker();
    if (words_.size() < 2) return false;
    if (words_[1].text == "connects") return connects();
    if (words_[1].text == "is" && words_.size() == 3) return version();
    if (ends_with(first, "!")) return drop();
    if (ends_with(first, ">")) return send();
    if (ends_with(first, "<*")) return expect(StepKind::expect_any_order, 2);
    if (ends_with(first, "<")) return receive();
    return false;
  }

 private:
  Step& add(StepKind kind, std::vector<std::string> words) {
    steps_.push_back({kind, line_, std::move(words), {}, {}});
    return steps_.back();
  }

  std::string who(std::size_t suffix) const {
    return words_[0].text.substr(0, words_[0].text.size() - suffix);
  }

  bool configure() {
    std::string value = words_[2].text;
    for (std::size_t i = 3; i < words_.size(); ++i) value += " " + words_[i].text;
    add(StepKind::configure, {words_[1].text, value});
    return true;
  }

  bool broker() {
    std::string what;
    for (std::size_t at = 1; at < words_.size(); ++at) what += " " + words_[at].text;
    constexpr std::array<std::pair<std::string_view, StepKind>, 6> forms{
        {{" holds", StepKind::hold},
         {" goes on", StepKind::release},
         {" disk is full", StepKind::fill_disk},
         {" disk has room", StepKind::free_disk},
         {" restarts", StepKind::restart},
         {" stops", StepKind::stop}}};
    for (const auto& [form, kind] : forms) {
      if (what != form) continue;
      add(kind, {});
      return true;
    }
    return false;
  }

  bool advance() {
    const std::optional<Millis> time = parse_time(words_[1].text);
    if (!time || *time < Millis(0)) return false;
    add(StepKind::advance, {}).time = *time;
    return true;
  }

  bool step_clock() {
    const std::optional<Millis> time = parse_time(words_[1].text);
    if (!time) return false;
    add(StepKind::step_clock, {}).time = *time;
    return true;
  }

  bool connects() {
    PacketText connect = parse_packet(words_, 1);
    connect.name = "CONNECT";
    add(StepKind::send, {words_[0].text}).packet = std::move(connect);
    add(StepKind::expect, {words_[0].text}).packet = {
        "CONNACK", {{"rc", "success", false, false, false}}, false};
    return true;
  }

  bool version() {
    add(StepKind::set_version, {words_[0].text, words_[2].text});
    return is_version(words_[2].text);
  }

  bool drop() {
    add(StepKind::drop, {who(1)});
    return words_.size() == 2 && words_[1].text == "drop";
  }

  bool send() {
    if (words_[1].text != "raw") {
      add(StepKind::send, {who(1)}).packet = parse_packet(words_, 1);
      return true;
    }
    std::string bytes;
    for (std::size_t i = 2; i < words_.size(); ++i) {
      if (!append_raw(words_[i], bytes)) return false;
    }
    add(StepKind::send_raw, {who(1), std::move(bytes)});
    return true;
  }

  bool expect(StepKind kind, std::size_t suffix) {
    add(kind, split_names(who(suffix))).packet = parse_packet(words_, 1);
    return true;
  }

  bool receive() {
    const std::string& what = words_[1].text;
    if (what == "CLOSED") return bare(StepKind::expect_closed);
    if (what == "nothing") return bare(StepKind::expect_nothing);
    if (what == "...") return bare(StepKind::skip_rest);
    return expect(StepKind::expect, 1);
  }

  bool bare(StepKind kind) {
    add(kind, {who(1)});
    return words_.size() == 2;
  }

  int line_;
  const std::vector<Word>& words_;
  std::vector<Step>& steps_;
};

Scenario parse_heading(std::string_view line, int number) {
  Scenario scenario;
  scenario.line = number;
  std::size_t at = std::min(line.find(" ["), line.size());
  scenario.name = line.substr(2, at - 2);
  while ((at = line.find('[', at)) != std::string_view::npos) {
    const std::size_t end = std::min(line.find(']', at), line.size());
    scenario.statements.emplace_back(line.substr(at + 1, end - at - 1));
    at = end;
  }
  return scenario;
}

// "versions v31 v311 v5", before the first step.
bool set_versions(const std::vector<Word>& words, Scenario& scenario) {
  scenario.versions.clear();
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (!is_version(words[i].text)) return false;
    scenario.versions.push_back(words[i].text);
  }
  return !scenario.versions.empty() && scenario.steps.empty();
}

bool parse_line(int number, const std::vector<Word>& words, Scenario& scenario) {
  if (words[0].text == "versions") return set_versions(words, scenario);
  return LineParser(number, words, scenario.steps).parse();
}

bool is_flag(std::string_view name) {
  return name == "retain" || name == "dup" || name == "clean" || name == "durable" ||
         name == "present" || is_version(name);
}

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value) {
    if (c <= ' ' || c > '~' || c == '"' || c == '\\') return true;
  }
  return false;
}

std::string quote(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    if (c < ' ' || c > '~') {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      text += c;
    }
  }
  return text + '"';
}

}  // namespace

const Field* PacketText::find(std::string_view wanted) const {
  for (const Field& field : fields) {
    if (field.name == wanted) return &field;
  }
  return nullptr;
}

Result<std::vector<Scenario>> parse_transcript(std::string_view text) {
  std::vector<Scenario> scenarios;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.substr(0, 2) == "//") continue;
    if (line.substr(0, 2) == "# ") {
      scenarios.push_back(parse_heading(line, number));
      continue;
    }
    const std::optional<std::vector<Word>> words = split_words(line);
    if (words && words->empty()) continue;
    if (!words || scenarios.empty() || !parse_line(number, *words, scenarios.back())) {
      return fail(ErrorCode::invalid, fmt::format("line {}: not understood: {}", number, line));
    }
  }
  return scenarios;
}

std::string to_text(const PacketText& packet) {
  std::string text = packet.name;
  for (const Field& field : packet.fields) {
    if (field.absent) {
      text += " -" + field.name;
    } else if (field.value == "1" && !field.quoted && (is_flag(field.name))) {
      text += " " + field.name;
    } else {
      text += " " + field.name + (field.optional ? "?=" : "=") +
              (needs_quotes(field.value) || field.quoted ? quote(field.value) : field.value);
    }
  }
  return text + (packet.exact ? " exact" : "");
}

}  // namespace mqz::scenario
