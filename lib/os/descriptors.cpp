#include "lib/os/descriptors.h"

#include <sys/eventfd.h>
#include <sys/resource.h>

#include <algorithm>
#include <climits>

#include "lib/os/fd.h"

namespace mqz::os {

namespace {

constexpr int kept_max = 64;

int descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return INT_MAX;
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, INT_MAX));
}

}  // namespace

DescriptorRoom::DescriptorRoom() : DescriptorRoom(descriptor_limit()) {}

DescriptorRoom::DescriptorRoom(int limit) : most_(limit - std::min(kept_max, limit / 4)) {}

bool DescriptorRoom::has_room() const {
  const Fd next(::eventfd(0, EFD_CLOEXEC));
  return next.is_open() && next.get() < most_;
}

}  // namespace mqz::os
