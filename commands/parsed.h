// What a command is given: the value of every option with its origin, after flags, environment,
// configuration file and defaults were laid over each other. All values are valid for their rows,
// so reading them cannot fail; asking for a name that has no row, or as another type, is a bug and
// aborts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "commands/options.h"
#include "commands/stop.h"
#include "lib/base/time.h"

namespace mqz::commands {

// Ordered: what is greater wins.
enum class Source : unsigned char { nothing, fallback, file, environment, flag };

class Parsed {
 public:
  // `path` is the command as typed, for messages: "pub", "broker passwd".
  Parsed(const Command& command, std::string path);

  const Command& command() const { return *command_; }
  const std::string& path() const { return path_; }

  // The value, or the last one of a repeatable option. With no value: false, "", and for numbers,
  // durations and sizes a bug: ask has() where there is no default.
  bool flag(std::string_view name) const;
  std::string_view text(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  Millis duration(std::string_view name) const;
  std::uint64_t size(std::string_view name) const;
  // Every value of a repeatable option.
  const std::vector<std::string>& texts(std::string_view name) const;

  bool has(std::string_view name) const { return source(name) != Source::nothing; }
  Source source(std::string_view name) const;
  bool typed(std::string_view name) const { return source(name) == Source::flag; }
  // "--host", "MQZ_HOST", "/etc/mqz/config.toml:3: host": for messages about the value.
  const std::string& origin(std::string_view name) const;

  // Words without a dash, and, for a command that takes words, what stood after "--".
  const std::vector<std::string>& operands() const { return operands_; }
  const std::vector<std::string>& words() const { return words_; }
  void set_operands(std::vector<std::string> operands) { operands_ = std::move(operands); }
  void set_words(std::vector<std::string> words) { words_ = std::move(words); }

  // Lays values under what is there: they count only if no source as great gave any, and are
  // checked only then.
  Checked<void> offer(const Option& option, Source source, std::string origin,
                      std::vector<std::string> values);

 private:
  struct Slot {
    const Option* option = nullptr;
    Source source = Source::nothing;
    std::string origin{};
    std::vector<std::string> values{};
  };
  Slot& slot(std::string_view name);
  const Slot& slot(std::string_view name) const;
  const Slot& slot_with_value(std::string_view name, ValueType type) const;

  const Command* command_;
  std::string path_;
  std::vector<Slot> slots_{};
  std::vector<std::string> operands_{};
  std::vector<std::string> words_{};
};

}  // namespace mqz::commands
