// The broker as it runs: real threads, sockets and clocks. What is right is held by transcripts and
// the simulation; here threads meet, for ThreadSanitizer to watch.
#include <array>
#include <atomic>
#include <barrier>
#include <catch2/catch.hpp>
#include <mutex>
#include <set>

#include "tests/contract/running_broker.h"
#include "tests/contract/waiting_client.h"

using namespace mqz;
using namespace mqz::contract;
using mqtt::Qos;

namespace {

using Clients = std::vector<std::function<std::string()>>;

std::string failed(const std::string& what, const WaitingClient& client) {
  return what + " failed: " + client.error() + " (" + std::to_string(client.received().size()) +
         " messages received)";
}

// "QOS NUMBER" in the order of the numbers, for each QoS.
bool is_in_order(const std::vector<std::string>& payloads) {
  std::array<int, 3> next{};
  for (const std::string& payload : payloads) {
    const auto qos = static_cast<std::size_t>(payload[0] - '0');
    if (std::stoi(payload.substr(2)) != next[qos]++) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("clients on several threads get everything from each other, in order", "[threads]") {
  const auto shard_count = GENERATE(as<broker::ShardIndex>(), 1, 4);
  constexpr int members = 4;
  constexpr int messages = 100;
  RunningBroker broker(shard_count);
  std::barrier all_subscribed(members);
  const auto member = [&](int me) -> std::string {
    WaitingClient client({broker.port(), "ring-" + std::to_string(me)});
    const bool ready =
        client.connect() && client.subscribe("to/" + std::to_string(me), Qos::exactly_once);
    all_subscribed.arrive_and_wait();
    if (!ready) return failed("subscribing", client);
    const std::string topic = "to/" + std::to_string((me + 1) % members);
    for (int number = 0; number < messages; ++number) {
      for (const char* qos : {"0", "1", "2"}) {
        if (!client.publish(topic, std::string(qos) + " " + std::to_string(number),
                            static_cast<Qos>(*qos - '0'))) {
          return failed("publishing", client);
        }
      }
    }
    if (!client.wait_until([&] { return client.received().size() == 3 * messages; }) ||
        !client.wait_for_acknowledgements()) {
      return failed("waiting", client);
    }
    if (!client.finish()) return failed("finishing", client);
    return is_in_order(client.received()) ? "" : "out of order";
  };
  Clients ring;
  for (int me = 0; me < members; ++me) ring.emplace_back([&member, me] { return member(me); });
  CHECK(run_together(ring) == "");
}

TEST_CASE("a lasting session misses nothing while its client comes and goes", "[threads]") {
  const auto shard_count = GENERATE(as<broker::ShardIndex>(), 1, 4);
  constexpr int messages = 200;
  RunningBroker broker(shard_count);
  std::barrier subscribed(4);
  const auto publisher = [&](const std::string& name) -> std::string {
    subscribed.arrive_and_wait();
    WaitingClient client({broker.port(), "publisher-" + name});
    if (!client.connect()) return failed("connecting", client);
    for (int number = 0; number < messages; ++number) {
      if (!client.publish("work/" + name, std::to_string(number), Qos::at_least_once))
        return failed("publishing", client);
    }
    return client.wait_for_acknowledgements() && client.finish() ? "" : failed("finishing", client);
  };
  const auto subscriber = [&](const std::string& name) -> std::string {
    const WaitingClient::Options options{broker.port(), "subscriber-" + name, false, 1000};
    {
      WaitingClient client(options);
      const bool ready = client.connect() && client.subscribe("work/" + name, Qos::at_least_once);
      subscribed.arrive_and_wait();
      if (!ready) return failed("subscribing", client);
    }
    int seen = 0;
    for (int round = 0; seen < messages && round < 10 * messages; ++round) {
      WaitingClient client(options);  // and breaks off without goodbye
      if (!client.connect()) return failed("connecting", client);
      if (!client.session_present()) return "the session was lost";
      const int wanted = std::min(messages, seen + 20);
      std::size_t looked_at = 0;
      bool has_gap = false;
      const bool came = client.wait_until([&] {
        for (; looked_at < client.received().size(); ++looked_at) {
          const int number = std::stoi(client.received()[looked_at]);
          has_gap = has_gap || number > seen;
          if (number == seen) ++seen;
        }
        return has_gap || seen >= wanted;
      });
      if (has_gap) return "a message was passed over after " + std::to_string(seen);
      if (!came) return failed("waiting", client);
    }
    return seen == messages ? "" : "only " + std::to_string(seen) + " came";
  };
  CHECK(run_together({[&] { return publisher("a"); }, [&] { return publisher("b"); },
                      [&] { return subscriber("a"); }, [&] { return subscriber("b"); }}) == "");
}

TEST_CASE("clients that take one session from each other leave a broker that works", "[threads]") {
  const auto shard_count = GENERATE(as<broker::ShardIndex>(), 1, 4);
  RunningBroker broker(shard_count);
  const auto rival = [&](int me) -> std::string {
    for (int round = 0; round < 25; ++round) {
      WaitingClient client({broker.port(), "wanted", round % 5 == 0, 1000});
      const std::string topic = "state/" + std::to_string(me);
      // Any of these may fail when another one has taken the session; then the connection ends.
      const bool done = client.connect() && client.subscribe("state/#", Qos::exactly_once) &&
                        client.publish(topic, std::to_string(round), Qos::at_least_once, true) &&
                        client.wait_for_acknowledgements();
      if (!done && !client.has_ended()) return failed("round " + std::to_string(round), client);
      if (!client.has_ended() && round % 2 == 0) client.finish();
    }
    return "";
  };
  CHECK(run_together({[&] { return rival(0); }, [&] { return rival(1); }, [&] { return rival(2); },
                      [&] { return rival(3); }}) == "");
  WaitingClient last({broker.port(), "wanted", true, 1000});
  REQUIRE(last.connect());
  REQUIRE(last.publish("state/own", "kept", Qos::exactly_once, true));
  REQUIRE(last.wait_for_acknowledgements());
  REQUIRE(last.subscribe("state/own", Qos::exactly_once));
  CHECK(last.wait_until([&] { return !last.received().empty(); }));
  CHECK(last.finish());
}

TEST_CASE("a shared group passes on what a member leaves unacknowledged", "[threads]") {
  const auto shard_count = GENERATE(as<broker::ShardIndex>(), 1, 4);
  constexpr std::size_t messages = 300;
  RunningBroker broker(shard_count);
  std::barrier all_subscribed(4);
  std::mutex lock;
  std::set<std::string> seen;
  const auto is_complete = [&] {
    const std::lock_guard hold(lock);
    return seen.size() == messages;
  };
  const auto member = [&](int me, std::size_t leaves_after) -> std::string {
    WaitingClient client({broker.port(), "member-" + std::to_string(me)});
    const bool ready = client.connect() && client.subscribe("$share/g/job", Qos::at_least_once);
    all_subscribed.arrive_and_wait();
    if (!ready) return failed("subscribing", client);
    std::size_t looked_at = 0;
    const bool came = client.wait_until([&] {
      {
        const std::lock_guard hold(lock);
        for (; looked_at < client.received().size(); ++looked_at)
          seen.insert(client.received()[looked_at]);
      }
      return looked_at >= leaves_after || is_complete();
    });
    return came ? "" : failed("waiting", client);
  };
  const auto publisher = [&]() -> std::string {
    all_subscribed.arrive_and_wait();
    WaitingClient client({broker.port(), "publisher"});
    if (!client.connect()) return failed("connecting", client);
    for (std::size_t number = 0; number < messages; ++number) {
      if (!client.publish("job", std::to_string(number), Qos::at_least_once))
        return failed("publishing", client);
    }
    return client.wait_for_acknowledgements() ? "" : failed("finishing", client);
  };
  CHECK(run_together({[&] { return member(0, messages); }, [&] { return member(1, messages); },
                      [&] { return member(2, 20); }, publisher}) == "");
  CHECK(is_complete());
}

TEST_CASE("a broker that stops while clients are busy lets all of them go", "[threads]") {
  const auto shard_count = GENERATE(as<broker::ShardIndex>(), 1, 4);
  RunningBroker broker(shard_count);
  std::atomic<int> busy{0};
  const auto talker = [&](int me) -> std::string {
    WaitingClient client({broker.port(), "talker-" + std::to_string(me)});
    const bool ready = client.connect() && client.subscribe("talk/#", Qos::at_least_once) &&
                       client.subscribe("$SYS/#", Qos::at_most_once);
    ++busy;
    busy.notify_all();
    if (!ready) return failed("subscribing", client);
    while (client.publish("talk/" + std::to_string(me), "x", Qos::at_least_once)) {
    }
    return client.has_ended() ? "" : "the broker has gone and the connection has not ended";
  };
  const auto stopper = [&]() -> std::string {
    for (int ready = busy; ready < 3; ready = busy) busy.wait(ready);
    broker.stop();
    return "";
  };
  CHECK(run_together({[&] { return talker(0); }, [&] { return talker(1); },
                      [&] { return talker(2); }, stopper}) == "");
}
