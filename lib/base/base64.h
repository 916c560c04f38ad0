// Base64 as RFC 4648 section 4 has it: with padding, strict when read.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/bytes.h"

namespace mqz {

void append_base64(std::string& to, Bytes bytes);
// False, and `to` unspecified, for what is not base64.
bool append_from_base64(std::string& to, std::string_view text);

}  // namespace mqz
