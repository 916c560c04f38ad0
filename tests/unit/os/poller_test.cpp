#include "lib/os/poller.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <thread>

#include "lib/os/clock.h"
#include "lib/os/random.h"
#include "lib/os/signals.h"

using namespace mqz;
using namespace mqz::os;

namespace {

struct Ends {
  Fd a{};
  Fd b{};
};

Ends socket_ends() {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

}  // namespace

TEST_CASE("a poller reports what it was asked to report, with the token given", "[os]") {
  Ends ends = socket_ends();
  auto poller = Poller::open();
  REQUIRE(poller);
  int token = 0;
  REQUIRE(poller->add(ends.a.get(), Interest::read, &token));
  CHECK(poller->wait(Millis(0)).empty());

  REQUIRE(::write(ends.b.get(), "x", 1) == 1);
  auto events = poller->wait(Millis(5000));
  REQUIRE(events.size() == 1);
  CHECK(events[0].token == &token);
  CHECK(events[0].readable);
  CHECK_FALSE(events[0].writable);

  poller->change(ends.a.get(), Interest::write, &token);
  events = poller->wait(Millis(5000));
  REQUIRE(events.size() == 1);
  CHECK(events[0].writable);

  poller->change(ends.a.get(), Interest::none, &token);
  CHECK(poller->wait(Millis(0)).empty());
  ends.b.close();
  events = poller->wait(Millis(5000));
  REQUIRE(events.size() == 1);
  CHECK(events[0].hung_up);
  CHECK(events[0].readable);

  poller->remove(ends.a.get());
  CHECK(poller->wait(Millis(0)).empty());
}

TEST_CASE("a regular file cannot be waited for", "[os]") {
  auto poller = Poller::open();
  REQUIRE(poller);
  char name[] = "/tmp/mqz-poller-XXXXXX";
  const Fd file(::mkstemp(name));
  ::unlink(name);
  CHECK_FALSE(poller->add(file.get(), Interest::read, nullptr));
}

TEST_CASE("another thread wakes a poller, and draining makes it quiet again", "[os]") {
  auto poller = Poller::open();
  auto wakeup = Wakeup::open();
  REQUIRE(poller);
  REQUIRE(wakeup);
  REQUIRE(poller->add(wakeup->fd(), Interest::read, nullptr));
  std::thread waker([&] { wakeup->wake(); });
  CHECK(poller->wait(Millis(5000)).size() == 1);
  waker.join();
  wakeup->drain();
  CHECK(poller->wait(Millis(0)).empty());
}

TEST_CASE("signals arrive through their descriptor", "[os]") {
  auto signals = Signals::open({SIGUSR2});
  REQUIRE(signals);
  CHECK_FALSE(signals->take());
  REQUIRE(::raise(SIGUSR2) == 0);
  CHECK(signals->take() == SIGUSR2);
  CHECK_FALSE(signals->take());
}

TEST_CASE("a descriptor has one owner", "[os]") {
  Ends ends = socket_ends();
  const int number = ends.a.get();
  Fd moved = std::move(ends.a);
  CHECK(moved.get() == number);
  CHECK_FALSE(ends.a.is_open());
  moved = Fd();
  char byte = 0;
  CHECK(::read(ends.b.get(), &byte, 1) == 0);
}

TEST_CASE("random text has the length and the signs asked for", "[os]") {
  const std::string text = random_text(200);
  CHECK(text.size() == 200);
  CHECK(text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos);
  CHECK(random_text(20) != random_text(20));
  CHECK(random_u64() != random_u64());
}

TEST_CASE("the monotonic clock does not go back", "[os]") {
  const MonoTime before = read_mono();
  CHECK(read_clocks().mono >= before);
}
