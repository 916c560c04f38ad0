// The broker's only lock, under several threads.
#include "lib/broker/mailbox.h"

#include <array>
#include <catch2/catch.hpp>
#include <thread>

using namespace mqz;
using namespace mqz::broker;

TEST_CASE("a mailbox loses nothing of several threads and keeps the order of each", "[threads]") {
  constexpr ShardIndex senders = 4;
  constexpr std::uint64_t batches = 500;
  Mailbox mailbox(std::move(*os::Wakeup::open()));
  auto poller = std::move(*os::Poller::open());
  REQUIRE(poller.add(mailbox.fd(), os::Interest::read, &mailbox));
  std::vector<std::jthread> threads;
  for (ShardIndex from = 0; from < senders; ++from) {
    threads.emplace_back([&mailbox, from] {
      for (std::uint64_t number = 0; number < batches; ++number) {
        std::vector<Mail> mail;
        mail.emplace_back(SettledMail{2 * number});
        mail.emplace_back(SettledMail{2 * number + 1});
        mailbox.post(from, std::move(mail));
      }
    });
  }
  std::array<std::uint64_t, senders> next{};
  std::size_t came = 0;
  bool in_order = true;
  // Every batch comes with a wake-up unless one is pending: an empty wait is a lost one.
  while (came < senders * batches && !poller.wait(Millis(10'000)).empty()) {
    for (const Mailbox::Batch& batch : mailbox.take()) {
      ++came;
      for (const Mail& mail : batch.mail)
        in_order = in_order && std::get<SettledMail>(mail).token == next[batch.from]++;
    }
  }
  CHECK(came == senders * batches);
  CHECK(in_order);
}

TEST_CASE("a mailbox that is told to drain wakes its owner, though mail comes as well",
          "[threads]") {
  Mailbox mailbox(std::move(*os::Wakeup::open()));
  auto poller = std::move(*os::Poller::open());
  REQUIRE(poller.add(mailbox.fd(), os::Interest::read, &mailbox));
  std::jthread other([&mailbox] {
    std::vector<Mail> mail;
    mail.emplace_back(SettledMail{1});
    mailbox.post(1, std::move(mail));
    mailbox.tell_to_drain();
  });
  std::size_t came = 0;
  while (!mailbox.is_told_to_drain() && !poller.wait(Millis(10'000)).empty()) {
    came += mailbox.take().size();
  }
  came += mailbox.take().size();
  CHECK(mailbox.is_told_to_drain());
  CHECK(came == 1);
}

TEST_CASE("a mailbox says when too much waits in it, until it is emptied", "[broker]") {
  auto wakeup = os::Wakeup::open();
  REQUIRE(wakeup.has_value());
  Mailbox box(std::move(*wakeup));
  const std::string payload(1 << 20, 'x');
  const MessageRef message =
      MessageRef::make("t", {}, as_bytes(payload), mqtt::Qos::at_most_once, false, MonoTime::max());
  const auto post = [&] {
    std::vector<Mail> mail;
    mail.emplace_back(RouteMail{message, false});
    box.post(1, std::move(mail));
  };
  post();
  CHECK_FALSE(box.is_crowded());
  int posted = 1;
  while (!box.is_crowded() && posted < 1000) {
    post();
    ++posted;
  }
  CHECK(posted < 100);
  CHECK(box.take().size() == static_cast<std::size_t>(posted));
  CHECK_FALSE(box.is_crowded());
}
