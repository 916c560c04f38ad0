// Programs in the background.
#include "lib/os/child.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "lib/os/poller.h"

using namespace mqz;
using namespace mqz::os;

namespace {

int status_of(Child& child) {
  auto poller = *Poller::open();
  REQUIRE(poller.add(child.end_fd(), Interest::read, nullptr));
  REQUIRE(poller.wait(Millis(10'000)).size() == 1);
  return child.reap().value_or(-1);
}

}  // namespace

TEST_CASE("a child has its input and environment, and its output can be taken") {
  ::setenv("HOME", "/nowhere", 1);
  auto child = Child::start({"read line; echo \"$line $NAME $HOME\"", {"NAME=x", "HOME=y"}, true});
  REQUIRE(child);
  REQUIRE(::write(child->input_fd(), "hello\n", 6) == 6);
  child->close_input();
  CHECK(status_of(*child) == 0);
  char answer[100];
  CHECK(std::string(answer, static_cast<std::size_t>(::read(child->output_fd(), answer,
                                                            sizeof answer))) == "hello x y\n");
}

TEST_CASE("a child's status is its own, or tells the signal that ended it") {
  auto fails = Child::start({"exit 7", {}, false});
  CHECK(status_of(*fails) == 7);
  CHECK_FALSE(fails->reap());
  auto dies = Child::start({"kill -TERM $$", {}, false});
  CHECK(status_of(*dies) == 128 + SIGTERM);
}

TEST_CASE("a child that still runs ends with its object") {
  auto child = Child::start({"exec sleep 1000", {}, true});
  REQUIRE(child);
  CHECK_FALSE(child->reap());
}
