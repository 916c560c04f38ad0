// One publishing client of a stream scenario: its streams in turn, and how far each has come.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/bench/load/client.h"
#include "tests/bench/load/stream_plan.h"

namespace mqz::bench {

class Publisher {
 public:
  Publisher(const StreamPlan& plan, const Options& options, unsigned index);

  Client& client() { return client_; }

  // How many messages the window still takes.
  unsigned room() const;
  void publish(std::uint64_t stamp_ns);  // one message of the next stream, into client().out()
  void on_delivery() { ++deliveries_; }
  void on_ack(const Frame& frame);

  std::uint64_t published() const { return published_; }
  std::uint64_t disordered_acks() const { return disordered_acks_; }
  bool is_idle() const;  // all delivered and acknowledged
  // Messages per stream number of the plan; 0 for the others' streams.
  std::uint32_t sent_of(std::uint32_t stream) const;

 private:
  struct OwnStream {
    std::uint32_t number;  // in the plan
    PublishTemplate frame;
    std::uint32_t sent = 0;
  };

  Client client_;
  unsigned qos_;
  unsigned copies_;
  unsigned window_;
  std::vector<OwnStream> streams_;
  std::size_t turn_ = 0;
  std::uint64_t published_ = 0;
  std::uint64_t deliveries_ = 0;
  std::uint64_t received_ = 0;   // PUBRECs
  std::uint64_t completed_ = 0;  // PUBACKs or PUBCOMPs
  std::uint64_t disordered_acks_ = 0;
};

}  // namespace mqz::bench
