#include "commands/message_text.h"

#include <ctime>

#include "commands/message_json.h"

namespace mqz::commands {
namespace {

std::timespec wall_clock() {
  std::timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now;
}

bool append_encoded(std::string& to, std::string_view format, const mqtt::Publish& message) {
  static const auto hex = MessageFormat::parse("%x");
  static const auto base64 = MessageFormat::parse("%b");
  return (format == "%x" ? hex : base64)->append(to, {message, {}});
}

}  // namespace

bool append_message(std::string& to, const SubPlan& plan, const mqtt::Publish& message) {
  switch (plan.form) {
    case SubPlan::Form::json:
      return append_json(to, {message, wall_clock()}, JsonForm::full, plan.pretty);
    case SubPlan::Form::format:
      return plan.format->append(
          to, {message, plan.format->uses_time() ? wall_clock() : std::timespec{}});
    case SubPlan::Form::payload:
      to.append(as_text(message.payload));
      return !message.payload.empty();
    case SubPlan::Form::verbose:
      to.append(message.topic).push_back(' ');
      to.append(message.payload.empty() ? "(null)" : as_text(message.payload));
      return true;
    case SubPlan::Form::hex: return append_encoded(to, "%x", message);
    case SubPlan::Form::base64: return append_encoded(to, "%b", message);
  }
  return false;
}

}  // namespace mqz::commands
