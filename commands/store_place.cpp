#include "commands/store_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "lib/base/one_line.h"
#include "lib/storage/identity.h"
#include "lib/storage/snapshot.h"

namespace mqz::commands {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : value;
}

bool holds_store(const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return name == storage::identity_name || name.ends_with(storage::segment_ending) ||
           name.ends_with(storage::snapshot_ending);
  });
}

// For a shell, as one word.
std::string as_word(std::string_view text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=:,@%";
  if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos)
    return std::string(text);
  // bash, zsh and the newer sh know control characters only so.
  const bool has_control = one_line(text) != text;
  std::string word = has_control ? "$'" : "'";
  for (const char sign : text) {
    if (has_control && (sign == '\'' || sign == '\\')) {
      word += '\\';
      word += sign;
      continue;
    }
    if (sign == '\'') {
      word += "'\\''";
    } else {
      word += sign;
    }
  }
  return (has_control ? one_line(word) : word) + "'";
}

std::string with_single_slashes(std::string_view path) {
  std::string plain;
  for (const char sign : path) {
    if (sign != '/' || !plain.ends_with('/')) plain += sign;
  }
  return plain;
}

}  // namespace

std::string default_store() {
  const std::string_view service = variable("STATE_DIRECTORY");
  if (!service.empty()) return std::string(service.substr(0, service.find(':')));
  if (const auto state = variable("XDG_STATE_HOME"); state.starts_with('/'))
    return fmt::format("{}/mqz", state);
  if (const auto home = variable("HOME"); home.starts_with('/'))
    return fmt::format("{}/.local/state/mqz", home);
  return "/var/lib/mqz";
}

std::string broker_part(std::string_view store) {
  return with_single_slashes(fmt::format("{}/broker", store));
}

Checked<std::string> find_store(os::Disk& disk, const std::string& directory) {
  if (directory.empty()) return stop(Exit::usage, "DIR: the name is empty");
  const std::string part = broker_part(directory);
  const std::string itself = with_single_slashes(directory);
  for (const std::string& place : {part, itself}) {
    const auto names = disk.list(place);
    if (names && holds_store(*names)) return place;
    if (!names && (place == itself || names.error().code != ErrorCode::not_found))
      return stop(Exit::unreadable, names.error().text);
  }
  return stop(Exit::unreadable, fmt::format("{}: no store of a broker", directory),
              "name the DIR that mqz broker --store DIR has");
}

Checked<std::string> readable_store(os::Disk& disk, const std::string& directory) {
  auto place = find_store(disk, directory);
  if (!place) return place;
  const auto identity = storage::read_identity(disk, *place);
  if (!identity && identity.error().code == ErrorCode::invalid)
    return tl::unexpected(stop_for_store(identity.error(), *place));
  return place;
}

std::string repair_command(std::string_view directory) {
  std::string_view store = directory;
  if (store.ends_with("/broker")) store.remove_suffix(std::string_view("/broker").size());
  return fmt::format("mqz broker store repair --accept-loss {}", as_word(store));
}

Stop stop_for_store(const Error& error, std::string_view directory) {
  Stop result = stop_for(error);
  if (directory.empty() || error.text.find(directory) == std::string::npos) return result;
  switch (error.code) {
    case ErrorCode::corrupt:
      result.code = Exit::bad_input;
      result.hint = fmt::format("{}   # keeps all that can be read, and says what is lost",
                                repair_command(directory));
      break;
    case ErrorCode::invalid:
      result.code = Exit::bad_input;
      result.hint = "a newer mqz wrote it: use that one; nothing was changed";
      break;
    case ErrorCode::conflict:
      result.code = Exit::conflict;
      result.hint = "a store has one broker at a time: end that process first";
      break;
    case ErrorCode::not_found:
    case ErrorCode::refused: result.code = Exit::unreadable; break;
    case ErrorCode::unavailable:
      result.code = Exit::io;
      result.hint = "a store needs room for its journal from the start: 32 MB at least";
      if (!error.hint.empty()) result.hint = error.hint;
      break;
    case ErrorCode::timeout:
    case ErrorCode::io: result.code = Exit::io; break;
  }
  return result;
}

}  // namespace mqz::commands
