// Runs a stream scenario: connects everybody, keeps the windows full or the rate steady, measures
// between two moments, then waits until everything sent has arrived.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/bench/load/client.h"
#include "tests/bench/load/order_check.h"
#include "tests/bench/load/publisher.h"
#include "tests/bench/load/result.h"
#include "tests/bench/load/stream_plan.h"

namespace mqz::bench {

class StreamRun {
 public:
  StreamRun(const StreamPlan& plan, const Options& options);
  ~StreamRun();
  StreamRun(const StreamRun&) = delete;
  StreamRun& operator=(const StreamRun&) = delete;

  Result subscribe();  // what the filters cost
  Result stream();

 private:
  void watch(Client& client, std::size_t number);
  void run_until(std::uint64_t deadline_ns);
  void drain();
  void turn(std::uint64_t deadline_ns);
  int wait_for_events(std::uint64_t deadline_ns);
  void receive(std::size_t number);
  void on_delivery(Client& client, unsigned ordinal, const Frame& frame);
  void top_up();
  void publish_due();
  void flush_all();
  std::uint64_t measured_count() const;
  OrderFaults check_all();

  const StreamPlan& plan_;
  const Options& options_;
  int epoll_;
  std::vector<Client> subscribers_;
  std::vector<Publisher> publishers_;
  OrderCheck order_;
  std::uint64_t turn_ns_ = 0;  // when this turn read its sockets
  std::uint64_t next_turn_ns_ = 0;
  std::uint64_t next_due_ns_ = 0;  // at a fixed rate: of the next message
  std::size_t next_publisher_ = 0;
  std::uint64_t published_ = 0;
  std::uint64_t deliveries_ = 0;
  bool publishing_ = true;
  bool recording_ = false;
  std::vector<std::uint32_t> latencies_us_;
};

}  // namespace mqz::bench
