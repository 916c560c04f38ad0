#include "tests/simulation/network.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mqz::simulation {

using broker::Connection;
using broker::ConnectionState;
using broker::Shard;

namespace {

bool has_ended(const Connection& connection) {
  return connection.state == ConnectionState::closing ||
         connection.state == ConnectionState::closed;
}

}  // namespace

Network::Network(scenario::World world, broker::Placement placement, Delays delays, Random& random)
    : world_(world),
      placement_(placement),
      delays_(delays),
      random_(random),
      snapshots_(world.snapshots, world.seed) {
  now_.mono = MonoTime(Millis(1'000'000));
  now_.wall = WallTime(Millis(1'700'000'000'000));
  start();
}

Network::~Network() = default;

scenario::Shards Network::make_shards(bool is_spare) {
  scenario::Shards shards;
  for (broker::ShardIndex index = 0; index < world_.shard_count; ++index) {
    Shard::Options options{.index = index,
                           .count = world_.shard_count,
                           .settings = {},
                           .hash_seed = world_.seed,
                           .name_seed = world_.seed,
                           .placement = placement_,
                           .turn = scenario::narrow_turns};
    if (index == broker::front_shard) {
      options.sequencer = is_spare ? std::make_unique<broker::MemorySequencer>()
                                   : journal_.make_sequencer(world_.delays);
    }
    shards.push_back(std::make_unique<Shard>(std::move(options)));
    shards.back()->set_now(now_);
  }
  return shards;
}

void Network::start() {
  shards_ = make_shards(false);
  boxes_.resize(shards_.size());
  unposted_.resize(shards_.size());
  complaints_ += journal_.recover_both_ways(shards_, make_shards(true), snapshots_,
                                            scenario::Compared::all_but_groups, now_);
}

void Network::crash() {
  journal_.crash(random_.below(journal_.uncommitted_count() + 1));
  for (Wire& wire : wires_) {
    if (wire.is_closed) continue;
    wire.connection = nullptr;
    wire.output.resize(random_.below(wire.output.size() + 1));
    wire.is_reading |= !wire.is_abandoned;
    wire.is_closed = true;
  }
  shards_.clear();
  snapshots_.crash();
  boxes_.clear();
  unposted_.clear();
  if (world_.shard_count > 1 && random_.chance(0.3)) {
    world_.shard_count = static_cast<broker::ShardIndex>(1 + random_.below(4));
    placement_ = random_.chance(0.5) ? broker::Placement::pack : broker::Placement::spread;
  }
  now_.mono = MonoTime(Millis(1'000'000 + random_.below(1000)));  // another boot
  now_.wall += Millis(random_.below(2000));
  start();
}

int Network::connect() {
  const int number = static_cast<int>(wires_.size());
  wires_.emplace_back();
  wires_.back().connection = &shards_[broker::front_shard]->accept(number);
  return number;
}

void Network::send(int number, std::string_view bytes) {
  Wire& wire = wires_[static_cast<std::size_t>(number)];
  if (!wire.is_closed && !wire.is_lost) wire.to_broker.append(bytes);
}

std::string Network::take_output(int number) {
  Wire& wire = wires_[static_cast<std::size_t>(number)];
  if (!wire.is_reading) return {};
  return std::exchange(wire.output, {});
}

bool Network::is_closed(int number) const {
  const Wire& wire = wires_[static_cast<std::size_t>(number)];
  return wire.is_closed && wire.output.empty();
}

void Network::drop(int number, bool at_once) {
  Wire& wire = wires_[static_cast<std::size_t>(number)];
  wire.to_broker.resize(at_once ? 0 : random_.below(wire.to_broker.size() + 1));
  wire.is_lost = true;
}

void Network::abandon(int number) {
  Wire& wire = wires_[static_cast<std::size_t>(number)];
  wire.is_reading = false;
  wire.is_abandoned = true;
}

void Network::drop_abandoned() {
  for (Wire& wire : wires_) wire.is_lost |= wire.is_abandoned;
}

void Network::set_reading(int number, bool is_reading) {
  wires_[static_cast<std::size_t>(number)].is_reading = is_reading;
}

std::size_t Network::part_of(std::size_t bytes) {
  return random_.chance(delays_.bytes_cut) ? random_.below(bytes + 1) : bytes;
}

void Network::step() {
  snapshots_.step(shards_);
  if (world_.snapshots) journal_.compact(shards_);
  journal_.remove_segments(snapshots_.last());
  turn(random_.below(shards_.size()));
}

void Network::turn(std::size_t index) {
  Shard& shard = *shards_[index];
  shard.set_now(now_);
  post_mail(index, false);
  if (index == broker::front_shard && random_.chance(0.2)) report_loads();
  for (Wire& wire : wires_) {
    if (wire.connection == nullptr || wire.shard != index) continue;
    write(wire);
    read(wire);
  }
  take_mail(index);
  if (index == broker::front_shard && world_.delays && !random_.chance(delays_.commits_held))
    journal_.release(1 + random_.below(3));
  shard.tick();
  write_dirty(index);
  unposted_[index] =
      std::exchange(shard.mail(), std::vector<std::vector<broker::Mail>>(shards_.size()));
  post_mail(index, true);
}

void Network::report_loads() {
  std::vector<std::uint16_t> loads;
  for (std::size_t shard = 0; shard < shards_.size(); ++shard)
    loads.push_back(random_.chance(0.5) ? 1000 : 0);
  shards_[broker::front_shard]->set_loads(loads);
}

void Network::take_mail(std::size_t index) {
  auto& box = boxes_[index];
  if (box.empty() || random_.chance(delays_.mail_held)) return;
  std::size_t count = delays_.mail_held > 0 ? 1 + random_.below(box.size()) : box.size();
  for (; count > 0; --count) {
    Letter letter = std::move(box.front());
    box.pop_front();
    shards_[index]->receive_mail(letter.from, std::move(letter.mail));
  }
}

void Network::post_mail(std::size_t index, bool may_stop) {
  auto& unposted = unposted_[index];
  for (; !unposted.empty(); unposted.pop_back()) {
    if (unposted.back().empty()) continue;
    if (may_stop && random_.chance(delays_.mail_held / 3)) return;
    for (broker::Mail& mail : unposted.back())
      boxes_[unposted.size() - 1].push_back(
          {static_cast<broker::ShardIndex>(index), std::move(mail)});
  }
}

void Network::read(Wire& wire) {
  Connection* connection = wire.connection;
  if (connection == nullptr || has_ended(*connection)) return;
  // The end of a connection may be noticed before what came last on it is read.
  const bool is_connecting = connection->state == ConnectionState::connecting;
  if (is_connecting && !(wire.is_lost && random_.chance(0.3))) return;
  if (!wire.to_broker.empty() && !is_connecting) {
    const std::size_t bytes = part_of(wire.to_broker.size());
    wire.input.append(wire.to_broker, 0, bytes);
    wire.to_broker.erase(0, bytes);
    if (bytes > 0) feed(wire);
  } else if (wire.is_lost) {
    connection->transport = -1;
    wire.connection = nullptr;
    wire.is_closed = true;
    shards_[wire.shard]->lost(*connection);
  }
}

void Network::feed(Wire& wire) {
  const std::size_t used = shards_[wire.shard]->receive(*wire.connection, as_bytes(wire.input));
  wire.input.erase(0, used);
  if (wire.connection->transport == -1) wire.connection = nullptr;  // it goes to another shard
}

void Network::write_dirty(std::size_t index) {
  Shard& shard = *shards_[index];
  for (int round = 0; round < 8 && shard.has_dirty(); ++round) {
    for (const SlotId id : shard.take_dirty()) {
      if (Connection* connection = shard.find_connection(id)) settle(shard, *connection, index);
    }
  }
}

void Network::settle(Shard& shard, Connection& connection, std::size_t index) {
  connection.dirty = false;
  Wire* wire =
      connection.transport < 0 ? nullptr : &wires_[static_cast<std::size_t>(connection.transport)];
  if (wire != nullptr) {
    wire->connection = &connection;
    wire->shard = index;
    wire->input.insert(0, std::exchange(connection.partial, {}));
    if (connection.input_waits && connection.state == ConnectionState::open) {
      connection.input_waits = false;
      feed(*wire);
    }
    write(*wire);
  }
  if (!has_ended(connection)) return;
  if (wire != nullptr) {
    wire->connection = nullptr;
    wire->is_closed = true;
  }
  connection.out.clear();
  connection.state = ConnectionState::closed;
  shard.release(connection);
}

void Network::write(Wire& wire) {
  if (wire.connection == nullptr || !wire.is_reading) return;
  Connection& connection = *wire.connection;
  std::array<iovec, 8> pieces;
  std::size_t left =
      has_ended(connection) ? connection.out.bytes() : part_of(connection.out.bytes());
  const bool wrote = left > 0;
  while (left > 0) {
    const std::size_t count = connection.out.pieces(pieces);
    std::size_t bytes = 0;
    for (std::size_t piece = 0; piece < count && left > 0; ++piece) {
      const std::size_t part = std::min(left, pieces[piece].iov_len);
      wire.output.append(static_cast<const char*>(pieces[piece].iov_base), part);
      bytes += part;
      left -= part;
    }
    connection.out.consume(bytes);
  }
  if (wrote && connection.out.empty() && connection.state == ConnectionState::open)
    shards_[wire.shard]->writable(connection);
}

bool Network::is_idle() {
  for (std::size_t index = 0; index < shards_.size(); ++index) {
    if (shards_[index]->has_work() || shards_[index]->has_dirty()) return false;
    if (!boxes_[index].empty()) return false;
    for (const auto& mail : unposted_[index]) {
      if (!mail.empty()) return false;
    }
  }
  if (!journal_.is_settled()) return false;
  return std::ranges::all_of(wires_, [](const Wire& wire) {
    if (wire.is_closed || wire.is_abandoned) return true;
    return !wire.is_lost && wire.to_broker.empty() &&
           (!wire.is_reading || wire.connection == nullptr || wire.connection->out.empty());
  });
}

void Network::advance(Millis time) {
  snapshots_.hurry();  // or it would look again every few milliseconds
  const MonoTime until = now_.mono + time;
  while (now_.mono < until) {
    MonoTime next = until;
    for (const auto& shard : shards_) {
      const auto due = shard->next_deadline();
      if (due && *due > now_.mono && *due < next) next = *due;
    }
    now_.wall += next - now_.mono;
    now_.mono = next;
    for (std::size_t index = 0; index < shards_.size(); ++index) turn(index);
  }
}

}  // namespace mqz::simulation
