#include "lib/backend/failure.h"

#include <algorithm>
#include <array>

#include "lib/os/errno_text.h"

namespace mqz::backend {
namespace {

using mqtt::Reason;

constexpr std::array passing_reasons = {
    Reason::unspecified_error,        Reason::implementation_specific_error,
    Reason::server_unavailable,       Reason::server_busy,
    Reason::server_shutting_down,     Reason::keep_alive_timeout,
    Reason::message_rate_too_high,    Reason::quota_exceeded,
    Reason::connection_rate_exceeded, Reason::maximum_connect_time,
};

std::string seconds_text(Millis time) {
  const auto whole = time.count() / 1000;
  if (time.count() % 1000 == 0) return std::to_string(whole) + " s";
  return std::to_string(time.count()) + " ms";
}

bool is_denial(Reason reason) {
  return reason == Reason::bad_user_name_or_password || reason == Reason::not_authorized ||
         reason == Reason::banned || reason == Reason::bad_authentication_method;
}

std::string_view denial_hint(Reason reason) {
  if (reason == Reason::bad_user_name_or_password || reason == Reason::not_authorized) {
    return "give -u and --password-file, or check them";
  }
  if (reason == Reason::session_taken_over) return "another client uses the same -i";
  if (reason == Reason::unsupported_protocol_version) return "try another -V (5, 311 or 31)";
  if (reason == Reason::client_identifier_not_valid) return "give another -i";
  return {};
}

std::string hint_for(std::string_view where) {
  return where.ends_with(":8883") ? "port 8883 usually wants TLS, which comes with a later part"
                                  : "does what listens there speak this protocol?";
}

}  // namespace

bool may_pass(Reason reason) {
  return std::find(passing_reasons.begin(), passing_reasons.end(), reason) != passing_reasons.end();
}

std::string reason_with_number(Reason reason) {
  return std::string(reason_text(reason)) + " (" + std::to_string(static_cast<unsigned>(reason)) +
         ")";
}

Error no_answer(std::string_view where, Millis waited, bool connected) {
  if (!connected) {
    return {ErrorCode::unavailable,
            "cannot connect to " + std::string(where) + ": no answer for " + seconds_text(waited),
            {}};
  }
  return {ErrorCode::unavailable,
          std::string(where) + " accepted the connection but sent no CONNACK for " +
              seconds_text(waited),
          hint_for(where)};
}

Error closed_before_connack(std::string_view where) {
  return {ErrorCode::unavailable, std::string(where) + " closed the connection before it answered",
          hint_for(where)};
}

Error connection_lost(std::string_view where, int error) {
  return {ErrorCode::unavailable,
          "lost the connection to " + std::string(where) + ": " +
              (error == 0 ? "closed by the server" : os::errno_text(error)),
          {}};
}

Error not_all_sent(std::string_view where, std::string_view why) {
  return {ErrorCode::timeout,
          "the last messages to " + std::string(where) + " may be lost: " + std::string(why),
          {}};
}

Error describe_failure(std::string_view where, const Ending& ending) {
  const std::string server(where);
  const std::string more = ending.text.empty() ? "" : ": " + ending.text;
  const std::string reason =
      ending.has_number ? ": " + reason_with_number(ending.reason) + more : more;
  const ErrorCode code = is_denial(ending.reason) ? ErrorCode::refused : ErrorCode::unavailable;
  switch (ending.kind) {
    case Ending::Kind::refused:
      return {code, server + " refused the connection" + reason,
              std::string(denial_hint(ending.reason))};
    case Ending::Kind::dismissed:
      return {code, server + " ended the connection" + reason,
              std::string(denial_hint(ending.reason))};
    case Ending::Kind::broken:
      return {ErrorCode::unavailable, "lost the connection to " + server + more, {}};
    case Ending::Kind::finished:
    case Ending::Kind::again_at_once: break;
  }
  return {ErrorCode::unavailable, server + " is not connected", {}};
}

Error join_errors(const std::vector<Error>& errors) {
  Error all = errors.back();
  for (std::size_t i = errors.size() - 1; i-- > 0;) all.text = errors[i].text + "; " + all.text;
  return all;
}

}  // namespace mqz::backend
