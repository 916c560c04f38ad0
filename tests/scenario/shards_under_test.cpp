#include "tests/scenario/shards_under_test.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "lib/base/check.h"
#include "lib/broker/config/load.h"

namespace mqz::scenario {
namespace {

class OneFile final : public os::TextFiles {
 public:
  explicit OneFile(std::string text) : text_(std::move(text)) {}
  Result<std::string> read(const std::string&) const override { return text_; }
  Result<std::vector<std::string>> list(const std::string&) const override {
    return std::vector<std::string>{};
  }

 private:
  std::string text_;
};

}  // namespace

ShardsUnderTest::ShardsUnderTest(World world)
    : world_(world), random_(world.seed), snapshots_(world.snapshots, world.seed) {
  system_ = {MonoTime(Millis(1'000'000)), WallTime(Millis(1'700'000'000'000))};
  static_cast<void>(go_on({}));
}

// A life of the broker begins, after one that has left this.
Now ShardsUnderTest::go_on(const broker::ClockRecord& kept) {
  clock_ = broker::BrokerClock(kept, system_);
  return now_ = clock_.at(system_.mono);
}

ShardsUnderTest::~ShardsUnderTest() = default;

bool ShardsUnderTest::configure(const std::string& word, const std::string& value) {
  const std::string text = config_text_ + word + " " + value + "\n";
  const broker::LoadedConfig loaded = broker::load_config("scenario.conf", OneFile(text));
  if (loaded.has_errors()) return false;
  config_text_ = text;
  return true;
}

Shards ShardsUnderTest::make_shards(bool is_spare) {
  Shards shards;
  const broker::Config config = broker::load_config("scenario.conf", OneFile(config_text_)).config;
  for (broker::ShardIndex index = 0; index < world_.shard_count; ++index) {
    broker::Shard::Options options{
        .index = index,
        .count = world_.shard_count,
        .settings = broker::settings_for(config, config.listeners.front()),
        .hash_seed = world_.seed,
        .name_seed = world_.seed,
        .placement = broker::Placement::spread,
        .turn = world_.delays ? narrow_turns : broker::TurnLimits{}};
    if (index == broker::front_shard) {
      options.sequencer = is_spare ? std::make_unique<broker::MemorySequencer>()
                                   : journal_.make_sequencer(world_.delays);
    }
    shards.push_back(std::make_unique<broker::Shard>(std::move(options)));
    shards.back()->set_now(now_);
  }
  return shards;
}

void ShardsUnderTest::start() {
  shards_ = make_shards(false);
  const std::string found =
      journal_.recover_both_ways(shards_, make_shards(true), snapshots_, Compared::all, now_,
                                 [this](const auto& kept) { return go_on(kept); });
  step_clock({});
  if (!found.empty()) std::fprintf(stderr, "by a snapshot and by all records: %s", found.c_str());
  MQZ_CHECK(found.empty());
  journal_.recover_with_holes(make_shards(true), snapshots_, now_);
}

void ShardsUnderTest::connect(const std::string& name) {
  if (shards_.empty()) start();
  const int transport = ++last_transport_;
  auto wire = std::make_unique<Wire>();
  wire->connection = &shards_[broker::front_shard]->accept(transport);
  wires_[transport] = std::move(wire);
  names_[name] = transport;
}

void ShardsUnderTest::send(const std::string& name, Bytes bytes) {
  Wire& to = wire(name);
  to.input.append(as_text(bytes));
  feed(to);
}

void ShardsUnderTest::feed(Wire& wire) {
  if (wire.connection == nullptr || wire.closed || wire.input.empty()) return;
  for (const auto& shard : shards_) {
    if (shard->find_connection(wire.connection->id) != wire.connection) continue;
    const std::size_t used = shard->receive(*wire.connection, as_bytes(wire.input));
    wire.input.erase(0, used);
    return;
  }
}

// What a loop does with the connections of a shard that have something to do.
void ShardsUnderTest::collect(std::size_t index) {
  broker::Shard& shard = *shards_[index];
  for (const SlotId id : shard.take_dirty()) {
    broker::Connection* connection = shard.find_connection(id);
    if (connection == nullptr) continue;
    connection->dirty = false;
    const auto at = wires_.find(connection->transport);
    if (at != wires_.end()) {
      Wire& wire = *at->second;
      wire.connection = connection;
      wire.input.insert(0, std::exchange(connection->partial, {}));
      std::array<iovec, 8> pieces;
      bool wrote = false;
      while (!connection->out.empty()) {
        const std::size_t count = connection->out.pieces(pieces);
        std::size_t bytes = 0;
        for (std::size_t piece = 0; piece < count; ++piece) {
          wire.output.append(static_cast<const char*>(pieces[piece].iov_base),
                             pieces[piece].iov_len);
          bytes += pieces[piece].iov_len;
        }
        connection->out.consume(bytes);
        wrote = true;
      }
      if (wrote) shard.writable(*connection);
      feed(wire);
      if (connection->state == broker::ConnectionState::closing ||
          connection->state == broker::ConnectionState::closed) {
        wire.closed = true;
        wire.connection = nullptr;
      }
    }
    if (connection->state == broker::ConnectionState::closing ||
        connection->state == broker::ConnectionState::closed) {
      connection->out.clear();
      connection->state = broker::ConnectionState::closed;
      shard.release(*connection);
    }
  }
}

bool ShardsUnderTest::carry_mail() {
  bool any = false;
  for (broker::ShardIndex from = 0; from < shards_.size(); ++from) {
    auto boxes = std::exchange(shards_[from]->mail(),
                               std::vector<std::vector<broker::Mail>>(shards_.size()));
    for (std::size_t to = 0; to < boxes.size(); ++to) {
      for (broker::Mail& mail : boxes[to]) {
        shards_[to]->receive_mail(from, std::move(mail));
        any = true;
      }
    }
  }
  return any;
}

void ShardsUnderTest::settle(std::size_t commits) {
  snapshots_.step(shards_);
  if (world_.snapshots) journal_.compact(shards_);
  journal_.remove_segments(snapshots_.last());
  for (int turn = 0; turn < 1'000'000; ++turn) {
    bool busy = carry_mail();
    for (std::size_t index = 0; index < shards_.size(); ++index) {
      shards_[index]->set_now(now_);
      busy |= shards_[index]->has_work();
      shards_[index]->tick();
      busy |= shards_[index]->has_dirty();
      collect(index);
      for (const auto& box : shards_[index]->mail()) busy |= !box.empty();
    }
    if (busy) continue;
    if (commits-- == 0 || !journal_.release(1 + random_() % 3)) return;
  }
  check_failed("the broker settles", __FILE__, __LINE__);
}

std::string ShardsUnderTest::take_output(const std::string& name) {
  settle();
  return std::exchange(wire(name).output, {});
}

bool ShardsUnderTest::is_closed(const std::string& name) {
  settle();
  return wire(name).closed;
}

void ShardsUnderTest::drop(const std::string& name) {
  Wire& lost = wire(name);
  if (lost.connection == nullptr) settle();
  if (lost.connection == nullptr || lost.closed) return;
  for (const auto& shard : shards_) {
    if (shard->find_connection(lost.connection->id) == lost.connection) {
      lost.connection->transport = -1;
      shard->lost(*lost.connection);
      break;
    }
  }
  lost.connection = nullptr;
  lost.closed = true;
}

void ShardsUnderTest::advance(Millis time) {
  settle();
  snapshots_.hurry();  // or it would look again every few milliseconds
  const MonoTime until = now_.mono + time;
  while (now_.mono < until) {
    MonoTime next = until;
    for (const auto& shard : shards_) {
      const auto due = shard->next_deadline();
      if (due && *due > now_.mono && *due < next) next = *due;
    }
    system_.wall += next - now_.mono;
    system_.mono += next - now_.mono;
    now_ = clock_.at(system_.mono);
    settle();
  }
}

void ShardsUnderTest::step_clock(Millis by) {
  if (shards_.empty()) start();
  system_.wall += by;
  if (const auto stepped = clock_.note(system_)) shards_.front()->set_clock(*stepped);
}

void ShardsUnderTest::hold_publishers(bool hold) {
  if (shards_.empty()) start();
  settle();
  for (const auto& shard : shards_)
    shard->hold(hold ? broker::Held::publishes : broker::Held::nothing);
}

void ShardsUnderTest::fill_disk(bool full) {
  if (shards_.empty()) start();
  settle();
  for (const auto& shard : shards_) shard->set_journal_full(full);
}

void ShardsUnderTest::restart() {
  if (shards_.empty()) start();
  settle();
  crash();
}

void ShardsUnderTest::crash() {
  if (shards_.empty()) return;
  journal_.crash(random_() % (journal_.uncommitted_count() + 1));
  for (auto& [transport, wire] : wires_) {
    wire->connection = nullptr;
    wire->closed = true;
  }
  shards_.clear();
  snapshots_.crash();
  system_.mono = MonoTime(Millis(1'000'000 + random_() % 1000));  // another boot
  start();
}

std::optional<std::string> ShardsUnderTest::lost_in_journal() {
  if (shards_.empty()) return std::nullopt;
  settle();
  std::vector<std::string> state = dump_state(shards_, now_);
  const bool is_known = state == compared_ && record_count() == compared_records_ &&
                        now_.mono == compared_at_.mono && now_.wall == compared_at_.wall;
  if (is_known) return std::nullopt;
  const Shards spare = make_shards(true);
  journal_.recover(spare, nullptr, now_);
  std::string differs = difference(state, dump_state(spare, now_));
  compared_ = std::move(state);
  compared_records_ = record_count();
  compared_at_ = now_;
  if (differs.empty()) return std::nullopt;
  return "the broker has (-), and finds again (+):" + std::move(differs);
}

void ShardsUnderTest::stop() {
  settle();
  for (const auto& shard : shards_) shard->drain();
  settle();
}

}  // namespace mqz::scenario
