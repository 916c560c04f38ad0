// A broken invariant is a bug: say where and stop, in release builds too. Never for what comes from
// outside; that is an Error.
#pragma once

namespace mqz {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace mqz

#define MQZ_CHECK(condition)                           \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::mqz::check_failed(#condition, __FILE__, __LINE__))
