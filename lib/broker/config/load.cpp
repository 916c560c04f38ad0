#include "lib/broker/config/load.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "lib/broker/config/draft.h"
#include "lib/broker/config/words.h"
#include "lib/mqtt/topic.h"

namespace mqz::broker {

namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// For messages: no control characters, and not endless.
std::string shown(std::string_view text) {
  constexpr std::size_t shown_max = 60;
  std::string safe;
  for (const char c : text.substr(0, shown_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7F) {
      safe += fmt::format("\\x{:02x}", byte);
    } else {
      safe += c;
    }
  }
  return text.size() > shown_max ? safe + "..." : safe;
}

class Reader {
 public:
  Reader(const os::TextFiles& files, LoadedConfig& result)
      : files_(files),
        findings_(result.findings),
        is_unreadable_(result.is_unreadable),
        draft_(fresh_draft()) {}

  void read_file(const std::string& path, bool is_main) {
    const auto text = files_.read(path);
    if (!text) {
      is_unreadable_ = is_main;
      add(Severity::error, is_main ? Place{} : draft_.place, text.error().text);
      return;
    }
    const Place outside = std::exchange(draft_.place, Place{path, 0});
    // A section ends with its file.
    const std::size_t section = std::exchange(draft_.section, Draft::no_section);
    const bool in_bridge = std::exchange(in_bridge_, false);
    read_lines(*text, is_main);
    in_bridge_ = in_bridge;
    draft_.section = section;
    draft_.place = outside;
  }

  Config finish(const std::string& path) {
    draft_.place = {path, 0};
    return broker::finish(draft_, findings_);
  }

 private:
  void read_lines(std::string_view text, bool is_main) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    while (!text.empty() && error_count_ < error_max) {
      ++draft_.place.line;
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = trimmed(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
      if (!line.empty() && !line.starts_with('#')) read_line(line, is_main);
    }
  }

  void read_line(std::string_view line, bool is_main) {
    const std::size_t end = std::min(line.find_first_of(blanks), line.size());
    const std::string_view name = line.substr(0, end);
    const std::string_view value = trimmed(line.substr(end));
    const Word* word = find_word(name);
    if (word == nullptr) {
      const std::string_view nearest = nearest_config_word(name);
      error(fmt::format("unknown word '{}'", shown(name)),
            nearest.empty() ? std::string{} : fmt::format("did you mean '{}'?", nearest));
    } else if (!mqtt::is_valid_utf8(value)) {
      error(fmt::format("{} is not valid UTF-8", word->name));
    } else if (word->name == "include_dir") {
      include(value, is_main);
    } else if (is_usable(*word, name) && is_new(*word, name)) {
      take(*word, name, value);
    }
  }

  // Tells about words that do nothing here, or not yet.
  bool is_usable(const Word& word, std::string_view name) {
    if (word.name == "connection") in_bridge_ = true;
    if (word.scope == WordScope::bridge) {
      if (!in_bridge_) error(fmt::format("{} stands below no connection", shown(name)));
      return false;
    }
    if (word.status == WordStatus::ignored) {
      add(Severity::warning, draft_.place, fmt::format("{} has no effect in mqz", word.name));
    } else if (word.status == WordStatus::later) {
      error(fmt::format("{} comes with a later part of mqz and does not work yet", shown(name)),
            "remove the line to start without it");
    }
    return word.status == WordStatus::works;
  }

  bool is_new(const Word& word, std::string_view name) {
    if (word.repeats) return true;
    const bool is_own = word.scope == WordScope::listener ||
                        (word.scope == WordScope::security && draft_.config.per_listener_settings);
    const bool is_unnamed = word.name == "port" || word.name == "bind_address";
    const std::size_t section = is_own && !is_unnamed ? draft_.section : Draft::no_section;
    const auto [at, added] = seen_.try_emplace({word.name, section}, draft_.place);
    if (added) return true;
    const Place first = std::exchange(at->second, draft_.place);
    if (word.kind == WordKind::text) {
      error(fmt::format("{} is there already, in {}", shown(name), first.text()));
      return false;
    }
    add(Severity::warning, draft_.place,
        fmt::format("{} replaces the one in {}", shown(name), first.text()));
    return true;
  }

  void take(const Word& word, std::string_view name, std::string_view value) {
    if (value.empty()) return error(fmt::format("{} has no value", shown(name)));
    const bool is_stray = word.scope == WordScope::listener &&
                          draft_.section == Draft::no_section && !draft_.unnamed_is_open;
    const std::string wrong = word.take(draft_, word, value);
    if (!wrong.empty()) error(fmt::format("{} {}", shown(name), shown_reason(wrong)));
    if (is_stray && !draft_.unnamed_is_open && !draft_.stray) draft_.stray = draft_.place;
    for (Finding& note : draft_.notes) findings_.push_back(std::move(note));
    draft_.notes.clear();
    if (word.name == "listener" || word.name == "port") in_bridge_ = false;
  }

  // Reasons quote the value.
  static std::string shown_reason(std::string_view reason) {
    std::string safe(reason.substr(0, 200));
    std::replace_if(
        safe.begin(), safe.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
    return safe;
  }

  void include(std::string_view value, bool is_main) {
    if (!is_main) return error("include_dir works in the main file only");
    if (value.empty()) return error("include_dir has no value");
    const std::string directory(value);
    const auto names = files_.list(directory);
    if (!names) return error("include_dir: " + names.error().text);
    for (const std::string& name : *names) {
      if (name.ends_with(".conf"))
        read_file(fmt::format("{}{}{}", directory, directory.ends_with('/') ? "" : "/", name),
                  false);
    }
  }

  void error(std::string text, std::string hint = {}) {
    add(Severity::error, draft_.place, std::move(text), std::move(hint));
  }
  void add(Severity severity, Place place, std::string text, std::string hint = {}) {
    if (severity == Severity::error && ++error_count_ == error_max)
      hint = "there may be more errors below";
    findings_.push_back({severity, std::move(place), std::move(text), std::move(hint)});
  }

  const os::TextFiles& files_;
  std::vector<Finding>& findings_;
  bool& is_unreadable_;
  Draft draft_;
  std::map<std::pair<std::string_view, std::size_t>, Place> seen_{};
  std::size_t error_count_ = 0;
  bool in_bridge_ = false;
};

std::string_view severity_text(Severity severity) {
  switch (severity) {
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return "error";
}

}  // namespace

std::string finding_text(const Finding& finding) {
  std::string text = finding.place.file.empty() ? std::string{} : finding.place.text() + ": ";
  text += fmt::format("{}: {}", severity_text(finding.severity), finding.text);
  if (!finding.hint.empty()) text += "\n  hint: " + finding.hint;
  return text;
}

bool LoadedConfig::has_errors() const {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.severity == Severity::error; });
}

Config default_config() {
  Draft draft = fresh_draft();
  std::vector<Finding> findings;
  return finish(draft, findings);
}

LoadedConfig load_config(const std::string& path, const os::TextFiles& files) {
  LoadedConfig result;
  Reader reader(files, result);
  reader.read_file(path, true);
  if (!result.has_errors()) result.config = reader.finish(path);
  return result;
}

}  // namespace mqz::broker
