// Publishers that each wait for one acknowledgement: what a commit costs when many share it. The
// messages are for a session that is away. Latency runs from the send to the acknowledgement.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/bench/load/client.h"
#include "tests/bench/load/result.h"

namespace mqz::bench {

class GroupRun {
 public:
  explicit GroupRun(const Options& options);
  ~GroupRun();
  GroupRun(const GroupRun&) = delete;
  GroupRun& operator=(const GroupRun&) = delete;

  Result run();

 private:
  struct Publisher {
    Client client;
    std::uint16_t id = 0;  // of what is outstanding; 0: nothing
    std::uint64_t sent_ns = 0;
    std::uint32_t sent = 0;
  };

  void publish(Publisher& publisher);
  void on_frame(Publisher& publisher, const Frame& frame);
  void run_until(std::uint64_t deadline_ns);
  bool turn();  // false: nothing came for a second

  const Options& options_;
  int epoll_;
  PublishTemplate frame_;
  std::vector<Publisher> publishers_;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t disordered_acks_ = 0;
  bool publishing_ = true;
  bool recording_ = false;
  std::vector<std::uint32_t> latencies_us_;
};

}  // namespace mqz::bench
