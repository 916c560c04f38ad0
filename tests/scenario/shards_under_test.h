// The broker's real shards on a fake network and a fake clock, for scenarios and simulations.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "lib/broker/broker_clock.h"
#include "lib/broker/shard.h"
#include "tests/scenario/played_journal.h"
#include "tests/scenario/run.h"

namespace mqz::scenario {

// Turns in which little is sent of what waits, so that most of it takes several.
inline constexpr broker::TurnLimits narrow_turns{
    .sends = {.at_once = {1, 1'000}, .a_turn = {3, 1'000}}, .records = 2, .freed = 1};

struct World {
  broker::ShardIndex shard_count = 1;  // clients are spread over them
  bool delays = false;                 // commits come late and in batches
  std::uint32_t seed = 1;
  // Snapshots are taken all the time, object by object; a restart begins with one or does not, and
  // must come to the same state.
  bool snapshots = false;
};

class ShardsUnderTest final : public BrokerUnderTest {
 public:
  explicit ShardsUnderTest(World world);
  ~ShardsUnderTest() override;

  bool configure(const std::string& word, const std::string& value) override;
  void connect(const std::string& name) override;
  void send(const std::string& name, Bytes bytes) override;
  std::string take_output(const std::string& name) override;
  // As far as it is there already.
  std::string take_output_unsettled(const std::string& name) {
    return std::exchange(wire(name).output, {});
  }
  bool is_closed(const std::string& name) override;
  void drop(const std::string& name) override;
  void advance(Millis time) override;
  void step_clock(Millis by) override;
  void hold_publishers(bool hold) override;
  void fill_disk(bool full) override;
  void restart() override;
  void stop() override;
  // Killed in the middle of whatever it does; of what is not committed, the first some records may
  // be found again.
  void crash();
  std::size_t record_count() const { return journal_.record_count(); }

  // How what a kill would leave now differs from what the broker has (see dump_state), once all is
  // done that is to be done.
  std::optional<std::string> lost_in_journal();

  // Until nothing is left to do at the present time; or, with delays, until records were committed
  // so often.
  void settle(std::size_t commits = SIZE_MAX);
  broker::Shard& shard(std::size_t index) { return *shards_[index]; }

 private:
  struct Wire {
    broker::Connection* connection{};  // nullptr: between shards, or closed
    std::string input{};
    std::string output{};
    bool closed = false;
  };

  Shards make_shards(bool is_spare);
  void start();
  Now go_on(const broker::ClockRecord& kept);
  void feed(Wire& wire);
  void collect(std::size_t shard);
  bool carry_mail();
  Wire& wire(const std::string& name) { return *wires_.at(names_.at(name)); }

  World world_;
  std::string config_text_ = "listener 1883 127.0.0.1\nallow_anonymous true\n";
  Now system_{};
  broker::BrokerClock clock_{};
  Now now_{};  // of the broker's clock
  std::mt19937 random_;
  PlayedJournal journal_{};
  Shards shards_{};
  KeptSnapshots snapshots_;
  std::map<int, std::unique_ptr<Wire>> wires_{};  // by transport
  std::map<std::string, int> names_{};
  int last_transport_ = 0;
  // When what is in the journal was last compared.
  std::vector<std::string> compared_{};
  std::size_t compared_records_ = 0;
  Now compared_at_{};
};

}  // namespace mqz::scenario
