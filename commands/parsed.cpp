#include "commands/parsed.h"

#include <fmt/core.h>

#include "commands/values.h"
#include "lib/base/check.h"

namespace mqz::commands {

Parsed::Parsed(const Command& command, std::string path)
    : command_(&command), path_(std::move(path)) {
  for_each_option(command, [&](const Option& option) { slots_.push_back({.option = &option}); });
}

const Parsed::Slot& Parsed::slot(std::string_view name) const {
  for (const Slot& slot : slots_) {
    if (slot.option->name == name) return slot;
  }
  note(path_, fmt::format("no row for option '{}'", name));
  check_failed("an option that was asked for has a row", __FILE__, __LINE__);
}

Parsed::Slot& Parsed::slot(std::string_view name) {
  return const_cast<Slot&>(static_cast<const Parsed&>(*this).slot(name));
}

const Parsed::Slot& Parsed::slot_with_value(std::string_view name, ValueType type) const {
  const Slot& found = slot(name);
  MQZ_CHECK(found.option->type == type);
  MQZ_CHECK(!found.values.empty());
  return found;
}

bool Parsed::flag(std::string_view name) const {
  const Slot& found = slot(name);
  MQZ_CHECK(found.option->type == ValueType::flag);
  return !found.values.empty() && parse_bool(found.values.back()).value_or(false);
}

std::string_view Parsed::text(std::string_view name) const {
  const Slot& found = slot(name);
  return found.values.empty() ? std::string_view{} : std::string_view(found.values.back());
}

std::int64_t Parsed::integer(std::string_view name) const {
  return *parse_integer(slot_with_value(name, ValueType::integer).values.back());
}

Millis Parsed::duration(std::string_view name) const {
  return *parse_duration(slot_with_value(name, ValueType::duration).values.back());
}

std::uint64_t Parsed::size(std::string_view name) const {
  return *parse_size(slot_with_value(name, ValueType::size).values.back());
}

const std::vector<std::string>& Parsed::texts(std::string_view name) const {
  return slot(name).values;
}

Source Parsed::source(std::string_view name) const { return slot(name).source; }

const std::string& Parsed::origin(std::string_view name) const { return slot(name).origin; }

Checked<void> Parsed::offer(const Option& option, Source source, std::string origin,
                            std::vector<std::string> values) {
  Slot& own = slot(option.name);
  if (source <= own.source) return {};
  const Exit code = source == Source::file ? Exit::configuration : Exit::usage;
  for (const std::string& value : values) {
    const auto wrong = complaint(option, value);
    if (wrong) return stop(code, fmt::format("{}: {}", origin, *wrong));
  }
  own = {&option, source, std::move(origin), std::move(values)};
  return {};
}

}  // namespace mqz::commands
