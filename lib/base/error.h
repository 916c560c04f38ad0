// An expected failure is a value: Result<T> holds either a T or an Error. The code says what the
// caller can do; the text is for the person at the terminal: lower case, object and reason.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace mqz {

enum class ErrorCode : unsigned char {
  invalid,  // what was asked for cannot be; asking again does not help
  not_found,
  conflict,     // somebody else has it, or it changed meanwhile
  timeout,      // the outcome is unknown
  unavailable,  // not reachable now; asking again may help
  refused,      // understood and not allowed
  corrupt,      // stop: the bytes are not what was written
  io,           // the system said no: disk full, bad descriptor, end of input
};

struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::invalid;
  std::string text{};
  std::string hint{};  // what to do about it, one line; may be empty
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string text, std::string hint = {}) {
  return tl::unexpected<Error>(Error{code, std::move(text), std::move(hint)});
}

}  // namespace mqz
