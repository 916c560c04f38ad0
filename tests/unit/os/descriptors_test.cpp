#include "lib/os/descriptors.h"

#include <sys/eventfd.h>

#include <catch2/catch.hpp>

#include "lib/os/fd.h"

using namespace mqz;

TEST_CASE("the last descriptors of a process are kept from connections", "[os]") {
  const os::Fd next(::eventfd(0, EFD_CLOEXEC));
  const int number = next.get();
  // A quarter is kept.
  const os::DescriptorRoom none((number + 1) * 4 / 3);
  CHECK(none.is_last(number));
  CHECK_FALSE(none.has_room());
  const os::DescriptorRoom some((number + 10) * 4 / 3);
  CHECK_FALSE(some.is_last(number));
  CHECK(some.has_room());
  // Of many, 64.
  const os::DescriptorRoom many(1024);
  CHECK(many.is_last(959));
  CHECK_FALSE(many.is_last(958));
}
