// Compares what was expected with what a broker sent.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tests/scenario/packet_text.h"

namespace mqz::scenario {

namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool names_variable(std::string_view text) {
  return text.size() > 1 && text[0] == '$' &&
         std::all_of(text.begin() + 1, text.end(), is_name_character);
}

std::optional<long> number_in(std::string_view text) {
  long number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (text.empty() || read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return number;
}

// "3..5"
bool is_in_range(std::string_view range, std::string_view value) {
  const std::size_t dots = range.find("..");
  if (dots == std::string_view::npos) return false;
  const std::optional<long> low = number_in(range.substr(0, dots));
  const std::optional<long> high = number_in(range.substr(dots + 2));
  const std::optional<long> number = number_in(value);
  return low && high && number && *low <= *number && *number <= *high;
}

bool is_one_of(std::string_view choices, std::string_view value) {
  for (;;) {
    const std::size_t bar = choices.find('|');
    if (choices.substr(0, bar) == value) return true;
    if (bar == std::string_view::npos) return false;
    choices.remove_prefix(bar + 1);
  }
}

bool matches_variable(const std::string& name, const std::string& value, Bindings& bindings) {
  const auto [at, is_new] = bindings.try_emplace(name, value);
  return is_new || at->second == value;
}

bool matches_value(const Field& expected, const std::string& value, Bindings& bindings) {
  const std::string& want = expected.value;
  if (want == value) return true;
  if (expected.quoted) return false;
  if (want == "?") return true;
  if (names_variable(want)) return matches_variable(want.substr(1), value, bindings);
  if (want[0] == '!' && names_variable(std::string_view(want).substr(1))) {
    const auto at = bindings.find(want.substr(2));
    return at != bindings.end() && at->second != value;
  }
  if (expected.name == "rc") {
    const std::optional<mqtt::Reason> reason = find_reason(want);
    return is_one_of(want, value) || (reason && reason_name(*reason) == value);
  }
  return is_in_range(want, value);
}

std::vector<const Field*> all_of(const PacketText& packet, std::string_view name) {
  std::vector<const Field*> found;
  for (const Field& field : packet.fields) {
    if (field.name == name) found.push_back(&field);
  }
  return found;
}

// The expected fields of one name against the actual ones.
bool matches_name(const PacketText& expected, const PacketText& actual, const std::string& name,
                  Bindings& bindings) {
  std::vector<const Field*> want = all_of(expected, name);
  std::vector<const Field*> got = all_of(actual, name);
  if (want.front()->absent) return got.empty();
  if (want.front()->optional && got.empty()) return true;
  if (want.size() != got.size()) return false;
  if (name == "prop.subscription-identifier") {
    const auto by_value = [](const Field* a, const Field* b) { return a->value < b->value; };
    std::sort(want.begin(), want.end(), by_value);
    std::sort(got.begin(), got.end(), by_value);
  }
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (!matches_value(*want[i], got[i]->value, bindings)) return false;
  }
  return true;
}

bool is_free_when_exact(const std::string& name) {
  return name == "id" || name == "length" || name == "size" || name == "payload-size";
}

}  // namespace

bool is_variable(const Field& field) {
  return !field.quoted && !field.absent && names_variable(field.value);
}

Result<PacketText> substitute(const PacketText& packet, const Bindings& bindings) {
  PacketText result = packet;
  for (Field& field : result.fields) {
    if (!is_variable(field)) continue;
    const auto at = bindings.find(field.value.substr(1));
    if (at == bindings.end()) return fail(ErrorCode::invalid, field.value + " has no value yet");
    field.value = at->second;
  }
  return result;
}

std::optional<std::string> mismatch(const PacketText& expected, const PacketText& actual,
                                    Bindings& bindings) {
  if (expected.name != actual.name) return "its name";
  Bindings tried = bindings;
  for (const Field& field : expected.fields) {
    if (!matches_name(expected, actual, field.name, tried)) return field.name;
  }
  for (const Field& field : actual.fields) {
    if (expected.exact && !expected.has(field.name) && !is_free_when_exact(field.name))
      return field.name;
  }
  bindings = std::move(tried);
  return std::nullopt;
}

}  // namespace mqz::scenario
