// The words of the configuration file: one table, from which parsing, help and the manual come.
// Words, meanings and defaults are Mosquitto 2.1's where it has them (mosquitto.conf(5)).
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace mqz::broker {

struct Draft;

// What is written behind the word.
enum class WordKind : std::uint8_t {
  flag,      // true or false, or 1 or 0
  number,    // whole; 0x and leading 0 as in C
  text,      // the rest of the line
  duration,  // a number and one of s h d w m y
  choice,    // one of several words
  special,   // its own form; see the help
};

enum class WordScope : std::uint8_t {
  global,    // the whole broker, wherever it stands
  listener,  // the listener line above it
  security,  // the whole broker; with per_listener_settings true the listener above it
  bridge,    // the connection line above it
  file,      // steers the reading itself
};

enum class WordStatus : std::uint8_t {
  works,
  ignored,  // read, and without effect here: a warning says so
  later,  // Mosquitto has it and this broker does not yet: refused, since starting without it could
          // surprise
};

struct Word {
  std::string_view name{};  // ends in * for a family of words
  WordKind kind{};
  WordScope scope{};
  WordStatus status{};
  bool reloads = false;         // takes effect on SIGHUP
  bool repeats = false;         // may stand several times
  std::string_view standard{};  // the default as it would be written; empty: none
  std::int64_t least = 0;       // of a number
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  // Reads the value into the draft. Empty, or what is wrong with it: "is not a number".
  std::string (*take)(Draft&, const Word&, std::string_view value) = nullptr;
  std::string_view help{};     // one or two sentences
  std::string_view differs{};  // why the default is not Mosquitto's; empty if it is
};

// In alphabetical order.
std::span<const Word> words();

// nullptr for a word that neither this broker nor Mosquitto 2.1 has. Old spellings find the word of
// today.
const Word* find_word(std::string_view name);

// The nearest word that works, or empty.
std::string_view nearest_config_word(std::string_view name);

}  // namespace mqz::broker
