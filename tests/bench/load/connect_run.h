// Many clients that come, perhaps subscribe, and stay or leave; `concurrency` of them are being
// served at any moment.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "tests/bench/load/client.h"
#include "tests/bench/load/result.h"

namespace mqz::bench {

struct ConnectPlan {
  const char* name = "";
  bool subscribes = false;
  bool leaves = false;  // and the next one comes, for as long as the window is open
};

class ConnectRun {
 public:
  ConnectRun(const ConnectPlan& plan, const Options& options);
  ~ConnectRun();
  ConnectRun(const ConnectRun&) = delete;
  ConnectRun& operator=(const ConnectRun&) = delete;

  Result hold(unsigned clients);  // open that many, and look at the memory
  Result churn();                 // come and go

 private:
  void open_one();
  void turn();
  void on_frame(Client& client, const Frame& frame);
  void finish(Client& client);
  void churn_until(std::uint64_t deadline_ns);

  const ConnectPlan& plan_;
  const Options& options_;
  int epoll_;
  std::unordered_map<int, Client> pending_;  // by descriptor
  std::vector<Client> held_;
  std::vector<int> finished_;  // of this turn
  unsigned opened_ = 0;
  unsigned done_ = 0;
};

}  // namespace mqz::bench
