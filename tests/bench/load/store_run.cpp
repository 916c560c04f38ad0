#include "tests/bench/load/store_run.h"

#include <fmt/core.h>
#include <poll.h>

namespace mqz::bench {
namespace {

constexpr unsigned payload_bytes = 64;
constexpr unsigned window = 500;
constexpr unsigned turn_us = 500;
constexpr unsigned store_turn_us = 100;  // else the turn would be longer than a commit
constexpr std::uint64_t second_ns = 1'000'000'000;

void wait_turn(const Client& client, unsigned turn) {
  if (turn != 0) return sleep_until_ns(now_ns() + std::uint64_t{turn} * 1000);
  pollfd wait{client.fd(), POLLIN, 0};
  poll(&wait, 1, 100);
}

// Publishes `count` messages at QoS 1, number n by append(out, n, id), `window` unacknowledged.
// Returns the acknowledgements that came out of order.
template <typename Append>
std::uint64_t publish_all(Client& client, unsigned count, const Options& options, Append append) {
  const unsigned in_flight = options.window.value_or(window);
  const auto id_of = [](unsigned n) { return static_cast<std::uint16_t>(n % 65'535 + 1); };
  unsigned sent = 0;
  unsigned acknowledged = 0;
  std::uint64_t disordered = 0;
  std::uint64_t progress_ns = now_ns();
  while (acknowledged < count) {
    for (; sent < count && sent - acknowledged < in_flight; ++sent)
      append(client.out(), sent, id_of(sent));
    client.flush();
    wait_turn(client, options.linger_us.value_or(turn_us));
    const unsigned before = acknowledged;
    const bool open = client.receive([&](const Frame& frame) {
      if (frame.type != PacketType::puback) return;
      if (packet_id(frame) != id_of(acknowledged)) ++disordered;
      ++acknowledged;
    });
    if (!open) die("the broker closed the publisher's connection");
    if (acknowledged != before) progress_ns = now_ns();
    if (now_ns() - progress_ns > 10 * second_ns) die("no acknowledgement in 10 s");
  }
  return disordered;
}

// Reads until `count` publishes have come or none for two seconds; acknowledges QoS 1.
// Returns the time of the last one. Whatever answers come before are no publishes and pass.
template <typename OnPublish>
std::uint64_t receive_all(Client& client, unsigned count, OnPublish on_publish) {
  unsigned received = 0;
  std::uint64_t progress_ns = now_ns();
  while (received < count && now_ns() - progress_ns < 2 * second_ns) {
    wait_turn(client, turn_us);
    const unsigned before = received;
    const bool open = client.receive([&](const Frame& frame) {
      if (frame.type != PacketType::publish) return;
      const Publish publish = read_publish(frame, client.v5());
      if (publish.qos == 1) put_ack(client.out(), PacketType::puback, publish.id);
      on_publish(publish);
      ++received;
    });
    if (!open) die("the broker closed the subscriber's connection");
    if (received != before) progress_ns = now_ns();
    client.flush();
  }
  return progress_ns;
}

std::string retained_topic(unsigned n) {
  return fmt::format("r/{}/{}/{}/state", n / 10'000, n / 100 % 100, n);
}

Result store_retained(const Options& options, unsigned count) {
  Client publisher(options.address, options.v5);
  publisher.handshake("bench-store");
  Result result;
  result.scenario = "retained-store";
  result.unit = "message";
  result.objects = count;
  result.memory_before = settled_memory_of(options.pid);
  result.begin = take_sample(options, 0);
  const auto append = [&](std::string& out, unsigned n, std::uint16_t id) {
    PublishTemplate(retained_topic(n), 1, true, options.v5, payload_bytes)
        .append(out, {n, 0, 0}, id);
  };
  result.disordered_acks = publish_all(publisher, count, options, append);
  result.end = take_sample(options, count);
  result.memory_after = settled_memory_of(options.pid);
  return result;
}

Result deliver_retained(const Options& options, unsigned count) {
  Client subscriber(options.address, options.v5);
  subscriber.handshake("bench-read");
  OrderCheck order(count);  // a slot per topic, one message in each
  std::uint64_t received = 0;
  Result result;
  result.scenario = "retained-deliver";
  result.memory_before = settled_memory_of(options.pid);
  result.begin = take_sample(options, 0);
  put_subscribe(subscriber.out(), 1, {{"#", 0}}, options.v5);
  subscriber.flush();
  const std::uint64_t last_ns = receive_all(subscriber, count, [&](const Publish& publish) {
    const Stamp stamp = read_stamp(publish.payload);
    const bool topic_fits = publish.topic == retained_topic(stamp.stream);
    order.see(topic_fits ? stamp.stream : count, stamp.number);
    ++received;
  });
  result.end = take_sample(options, received);
  result.end.ns = last_ns;
  result.memory_after = settled_memory_of(options.pid);
  for (unsigned n = 0; n < count; ++n) order.finish(n, 1);
  result.faults = order.faults();
  return result;
}

constexpr std::string_view queue_client = "bench-away";

}  // namespace

void leave_a_session(const Options& options) {
  Client subscriber(options.address, options.v5);
  subscriber.handshake(queue_client, true);
  subscriber.subscribe({{queue_topic, 1}});
  subscriber.disconnect();
  sleep_ms(100);  // the broker has seen the end of the connection
}

namespace {

Result fill_queue(const Options& options, unsigned count, const char* scenario) {
  Client publisher(options.address, options.v5);
  publisher.handshake("bench-fill");
  Result result;
  result.scenario = scenario;
  result.unit = "message";
  result.objects = count;
  result.memory_before = settled_memory_of(options.pid);
  result.begin = take_sample(options, 0);
  const PublishTemplate frame(queue_topic, 1, false, options.v5, payload_bytes);
  const auto append = [&](std::string& out, unsigned n, std::uint16_t id) {
    frame.append(out, {0, n, 0}, id);
  };
  result.disordered_acks = publish_all(publisher, count, options, append);
  result.end = take_sample(options, count);
  result.memory_after = settled_memory_of(options.pid);
  return result;
}

Result drain_queue(const Options& options, unsigned count, const char* scenario) {
  OrderCheck order(1);
  std::uint64_t received = 0;
  Result result;
  result.scenario = scenario;
  result.begin = take_sample(options, 0);
  Client subscriber(options.address, options.v5);
  put_connect(subscriber.out(), {queue_client, options.v5, true});
  subscriber.flush();  // messages may follow the CONNACK in one piece
  const std::uint64_t last_ns = receive_all(subscriber, count, [&](const Publish& publish) {
    order.see(0, read_stamp(publish.payload).number);
    ++received;
  });
  result.end = take_sample(options, received);
  result.end.ns = last_ns;
  order.finish(0, count);
  result.faults = order.faults();
  return result;
}

// Publishes at QoS 0 as fast as the connection takes it.
void feed_until(Client& client, std::uint64_t deadline_ns, std::uint64_t& count) {
  constexpr std::size_t batch = 1000;
  constexpr Stamp text{0x2e2e2e2e, 0x2e2e2e2e, 0x2e2e2e2e2e2e2e2e};  // dots, like the rest
  const PublishTemplate frame("bench/feed", 0, false, client.v5(), payload_bytes);
  while (now_ns() < deadline_ns) {
    for (std::size_t i = 0; i < batch; ++i) frame.append(client.out(), text, 0);
    while (!client.flush() && now_ns() < deadline_ns) wait_turn(client, turn_us);
    count += batch;
  }
}

}  // namespace

std::vector<Result> run_retained(const Options& options) {
  const unsigned count = scaled(1'000'000, options);
  Result stored = store_retained(options, count);
  return {std::move(stored), deliver_retained(options, count)};
}

std::vector<Result> run_queued(const Options& options) {
  const unsigned count = scaled(100'000, options);
  leave_a_session(options);
  Result stored = fill_queue(options, count, "queued-store");
  return {std::move(stored), drain_queue(options, count, "queued-deliver")};
}

std::vector<Result> run_store_queue(const Options& options) {
  const unsigned count = scaled(1'000'000, options);
  Options reacting = options;
  reacting.linger_us = options.linger_us.value_or(store_turn_us);
  leave_a_session(options);
  Result stored = fill_queue(reacting, count, "store-queue");
  return {std::move(stored), drain_queue(options, count, "store-drain")};
}

std::vector<Result> run_feed(const Options& options) {
  Client publisher(options.address, options.v5);
  publisher.handshake("bench-feed");
  std::uint64_t count = 0;
  Result result;
  result.scenario = "feed";
  result.unit = "message";
  result.begin = take_sample(options, 0);
  feed_until(publisher, now_ns() + static_cast<std::uint64_t>(options.seconds * 1e9), count);
  result.end = take_sample(options, count);
  return {result};
}

}  // namespace mqz::bench
