#include "lib/os/errno_text.h"

#include <array>
#include <cstring>

namespace mqz::os {

std::string errno_text(int error) {
  std::array<char, 128> room{};
  return ::strerror_r(error, room.data(), room.size());
}

}  // namespace mqz::os
