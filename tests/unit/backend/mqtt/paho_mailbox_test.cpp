// The queue between Paho's threads and the loop of its user.
#include "lib/backend/mqtt/paho_mailbox.h"

#include <catch2/catch.hpp>
#include <future>
#include <thread>

using namespace mqz;
using namespace mqz::backend;

namespace {

PahoEvent message(std::string payload) {
  PahoEvent event;
  event.kind = PahoEvent::Kind::message;
  event.payload = std::move(payload);
  return event;
}

constexpr std::chrono::seconds for_ever(60);

}  // namespace

TEST_CASE("a full mailbox lets its sender wait until something is taken", "[threads]") {
  PahoMailbox mailbox(*os::Wakeup::open(), {2, 1000, for_ever});
  auto sender = std::async(std::launch::async, [&] {
    for (int i = 0; i < 100; ++i) mailbox.post_message(message(std::to_string(i)));
  });
  int next = 0;
  while (next < 100) {
    const auto taken = mailbox.take_messages();
    CHECK(taken.size() <= 2);
    for (const PahoEvent& event : taken) CHECK(event.payload == std::to_string(next++));
    if (taken.empty()) std::this_thread::yield();
  }
  sender.get();
}

TEST_CASE("a mailbox is full of bytes, too", "[threads]") {
  PahoMailbox mailbox(*os::Wakeup::open(), {1000, 10, for_ever});
  mailbox.post_message(message("0123456789"));
  auto sender = std::async(std::launch::async, [&] { mailbox.post_message(message("x")); });
  CHECK(mailbox.take_messages().front().payload == "0123456789");
  sender.get();
  CHECK(mailbox.take_messages().size() == 1);
}

TEST_CASE("whoever waits at a full mailbox is let in by a visit, so that Paho's lock comes free",
          "[threads]") {
  PahoMailbox mailbox(*os::Wakeup::open(), {1, 1000, for_ever});
  mailbox.post_message(message("first"));
  auto sender = std::async(std::launch::async, [&] { mailbox.post_message(message("second")); });
  {
    const PahoMailbox::Visit visit(mailbox);
    sender.get();
  }
  CHECK(mailbox.take_messages().size() == 2);
}

TEST_CASE("patience lets in one message at a time, up to twice the bound", "[threads]") {
  PahoMailbox mailbox(*os::Wakeup::open(), {2, 1000, Millis(1)});
  for (int i = 0; i < 4; ++i) mailbox.post_message(message("x"));
  auto sender = std::async(std::launch::async, [&] { mailbox.post_message(message("fifth")); });
  CHECK(sender.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
  CHECK(mailbox.take_messages().size() == 4);
  sender.get();
  CHECK(mailbox.take_messages().size() == 1);
}

TEST_CASE("answers do not wait for room, and are announced") {
  PahoMailbox mailbox(*os::Wakeup::open(), {1, 1000, for_ever});
  mailbox.post_message(message("x"));
  PahoEvent answer;
  answer.number = 7;
  mailbox.post(answer);
  auto poller = *os::Poller::open();
  REQUIRE(poller.add(mailbox.fd(), os::Interest::read, nullptr));
  CHECK(poller.wait(Millis(0)).size() == 1);
  CHECK(mailbox.take_answers().front().number == 7);
  CHECK(mailbox.has_messages());
}
