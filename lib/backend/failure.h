// The words for what can go wrong with a connection: always with host and port, the reason by name
// and number, and what to do about it where that is known.
#pragma once

#include <string_view>
#include <vector>

#include "lib/backend/wire_session.h"
#include "lib/base/error.h"
#include "lib/base/time.h"

namespace mqz::backend {

// "not authorized (135)"
std::string reason_with_number(mqtt::Reason reason);

// May a later attempt meet a better moment?
bool may_pass(mqtt::Reason reason);

Error no_answer(std::string_view where, Millis waited, bool connected);
Error closed_before_connack(std::string_view where);
Error connection_lost(std::string_view where, int error);
Error not_all_sent(std::string_view where, std::string_view why);
Error describe_failure(std::string_view where, const Ending& ending);

// One error out of several servers' errors; at least one.
Error join_errors(const std::vector<Error>& errors);

}  // namespace mqz::backend
