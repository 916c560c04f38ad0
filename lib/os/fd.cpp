#include "lib/os/fd.h"

#include <unistd.h>

namespace mqz::os {

void Fd::close() {
  const int fd = release();
  if (fd >= 0) ::close(fd);
}

}  // namespace mqz::os
