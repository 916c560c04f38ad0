// A socket address as people write it: "127.0.0.1:1883", "[::1]:1883".
#pragma once

#include <string>

#include "lib/base/bytes.h"

namespace mqz::os {

std::string sockaddr_text(Bytes sockaddr);

}  // namespace mqz::os
