// The broker's real shards on a network, a clock and a mail whose delays are chosen by chance. One
// step is a turn of one shard, as its loop would do it.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "lib/broker/shard.h"
#include "tests/scenario/played_journal.h"
#include "tests/scenario/shards_under_test.h"
#include "tests/simulation/random.h"

namespace mqz::simulation {

// How likely what is, 0 to 1.
struct Delays {
  double mail_held = 0;     // mail of one shard for another stays where it is in this turn
  double commits_held = 0;  // nothing is committed in this turn (only with World::delays)
  double bytes_cut = 0;     // only a part of the bytes on their way arrives in this turn
};

class Network {
 public:
  // With `Placement::pack` a shard takes part once the loads, which are random, call for it.
  Network(scenario::World world, broker::Placement placement, Delays delays, Random& random);
  ~Network();

  // The client's side of a connection, by number.
  int connect();
  void send(int wire, std::string_view bytes);
  std::string take_output(int wire);
  // The broker has closed it, and there is nothing left to take.
  bool is_closed(int wire) const;
  // Lost: of what is on its way to the broker a part still arrives, cut at any byte; or nothing.
  void drop(int wire, bool at_once);
  // The client has gone without the network's notice: what it sent arrives, what comes is not read.
  void abandon(int wire);
  void drop_abandoned();
  void set_reading(int wire, bool is_reading);

  // The broker is killed in the middle of whatever it does, and another one begins with what was
  // kept, now and then with other shards. Of what it had written, a part may still be taken.
  void crash();

  // One turn of one shard.
  void step();
  // Nothing is on its way or left to do at the present time.
  bool is_idle();
  // From now on nothing is held back or cut.
  void be_kind() { delays_ = {}; }
  // Lets time pass; timers on the way fire in order, each in a turn of its own.
  void advance(Millis time);
  Now now() const { return now_; }
  broker::Shard& shard(std::size_t index) { return *shards_[index]; }
  // What a recovery by a snapshot and one by all records do not have in common.
  const std::string& complaints() const { return complaints_; }
  std::size_t shard_count() const { return shards_.size(); }

 private:
  struct Wire {
    broker::Connection* connection{};  // nullptr: on its way between shards, or closed
    std::size_t shard = 0;
    std::string to_broker{};
    std::string input{};  // arrived, not yet used
    std::string output{};
    bool is_reading = true;
    bool is_lost = false;
    bool is_abandoned = false;
    bool is_closed = false;
  };

  scenario::Shards make_shards(bool is_spare);
  void start();
  void turn(std::size_t index);
  void report_loads();
  void take_mail(std::size_t index);
  void post_mail(std::size_t index, bool may_stop);
  void read(Wire& wire);
  void feed(Wire& wire);
  void write_dirty(std::size_t index);
  void settle(broker::Shard& shard, broker::Connection& connection, std::size_t index);
  void write(Wire& wire);
  std::size_t part_of(std::size_t bytes);

  scenario::World world_;
  broker::Placement placement_;
  Delays delays_;
  Random& random_;
  Now now_{};
  scenario::PlayedJournal journal_{};
  scenario::KeptSnapshots snapshots_;
  std::string complaints_{};
  scenario::Shards shards_{};
  // As loops post and take it: a box is in the order of posting, whoever posts, and a shard posts
  // to one after the other, the front last; it may be stopped in between.
  struct Letter {
    broker::ShardIndex from = 0;
    broker::Mail mail{};
  };
  std::vector<std::deque<Letter>> boxes_{};                         // by receiver
  std::vector<std::vector<std::vector<broker::Mail>>> unposted_{};  // [from][to]
  std::deque<Wire> wires_{};                                        // by number
};

}  // namespace mqz::simulation
