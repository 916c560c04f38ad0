// The broker's real shards on a fake network and a fake clock, for scenarios and simulations.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "lib/broker/record_codec.h"
#include "lib/broker/shard.h"
#include "tests/scenario/run.h"

namespace mqz::scenario {

// Commits what was proposed in order, some records at a time, and only when it is told to.
class DelayingSequencer final : public broker::Sequencer {
 public:
  void propose(broker::Record record, Now) override { waiting_.push_back(std::move(record)); }
  std::optional<broker::Record> take_committed() override;
  // Lets up to `count` records through; false when none waits.
  bool release(std::size_t count);
  bool is_empty() const { return waiting_.empty(); }

 private:
  std::deque<broker::Record> waiting_{};
  std::size_t released_ = 0;
};

// One committed record as bytes, as a journal would have it.
struct KeptRecord {
  broker::RecordType type{};
  std::string body{};
};

// Keeps as bytes what another sequencer commits, and what it would lose in a crash.
class KeepingSequencer final : public broker::Sequencer {
 public:
  KeepingSequencer(std::unique_ptr<broker::Sequencer> inner, std::vector<KeptRecord>& kept)
      : inner_(std::move(inner)), kept_(kept) {}
  void propose(broker::Record record, Now now) override;
  std::optional<broker::Record> take_committed() override;
  // The bytes of what was proposed and is not committed, in order.
  const std::deque<KeptRecord>& uncommitted() const { return uncommitted_; }

 private:
  std::unique_ptr<broker::Sequencer> inner_;
  std::vector<KeptRecord>& kept_;
  std::deque<KeptRecord> uncommitted_{};
};

struct World {
  broker::ShardIndex shard_count = 1;  // clients are spread over them
  bool delays = false;                 // commits come late and in batches
  std::uint32_t seed = 1;
};

class ShardsUnderTest final : public BrokerUnderTest {
 public:
  explicit ShardsUnderTest(World world);
  ~ShardsUnderTest() override;

  bool configure(const std::string& word, const std::string& value) override;
  void connect(const std::string& name) override;
  void send(const std::string& name, Bytes bytes) override;
  std::string take_output(const std::string& name) override;
  bool is_closed(const std::string& name) override;
  void drop(const std::string& name) override;
  void advance(Millis time) override;
  void hold_publishers(bool hold) override;
  void fill_disk(bool full) override;
  void restart() override;
  void stop() override;
  // Killed in the middle of whatever it does; of what is not committed, the first some records may
  // be found again.
  void crash();
  std::size_t record_count() const { return kept_.size(); }

  // Until nothing is left to do at the present time.
  void settle();
  broker::Shard& shard(std::size_t index) { return *shards_[index]; }

 private:
  struct Wire {
    broker::Connection* connection{};  // nullptr: between shards, or closed
    std::string input{};
    std::string output{};
    bool closed = false;
  };

  void start();
  void replay();
  void feed(Wire& wire);
  void collect(std::size_t shard);
  bool carry_mail();
  Wire& wire(const std::string& name) { return *wires_.at(names_.at(name)); }

  World world_;
  std::string config_text_ = "listener 1883 127.0.0.1\nallow_anonymous true\n";
  Now now_{};
  std::mt19937 random_;
  DelayingSequencer* delaying_ = nullptr;
  KeepingSequencer* keeping_ = nullptr;
  std::vector<KeptRecord> kept_{};  // of all lives
  std::vector<std::unique_ptr<broker::Shard>> shards_{};
  std::map<int, std::unique_ptr<Wire>> wires_{};  // by transport
  std::map<std::string, int> names_{};
  int last_transport_ = 0;
};

}  // namespace mqz::scenario
