// When a snapshot is taken, what follows from it, and what follows when it cannot be written.
#include "lib/broker/snapshot_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "lib/broker/journal_sequencer.h"
#include "lib/broker/shard.h"
#include "lib/broker/shard_snapshot.h"
#include "lib/mqtt/encode.h"
#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

constexpr std::uint64_t least_bytes = 100'000;
constexpr std::size_t value_bytes = 1'000;

storage::JournalOptions options() {
  storage::JournalOptions options;
  options.sizes = {64U << 10U, 32U << 10U, 2, 64U << 10U, 0};
  options.frame_bytes_max = 16U << 10U;
  return options;
}

// How often the thread that writes has said something.
class News {
 public:
  void tell() {
    {
      const std::lock_guard hold(lock_);
      ++told_;
    }
    changed_.notify_all();
  }
  bool wait() {
    std::unique_lock hold(lock_);
    const bool came = changed_.wait_for(hold, std::chrono::seconds(30), [&] { return told_ > 0; });
    if (came) --told_;
    return came;
  }

 private:
  std::mutex lock_{};
  std::condition_variable changed_{};
  int told_ = 0;
};

// A front with its journal, step by step: while a snapshot is written nothing else asks the disk.
struct KeptStore {
  storage::FakeDisk disk{};
  storage::SmallStore store = storage::reopen(disk, options());
  storage::Journal& journal = *store.journal;
  News news{};
  std::unique_ptr<EventLog> log = *EventLog::open({.types = UINT16_MAX, .to_topic = true});
  Now now{MonoTime(Millis(1'000'000)), WallTime(Millis(1'700'000'000'000))};
  std::unique_ptr<Shard> front{};
  std::unique_ptr<SnapshotKeeper> keeper{};
  Connection* client = nullptr;
  int values = 0;

  KeptStore() {
    auto sequencer = std::make_unique<JournalSequencer>(journal, 1);
    const JournalSequencer& bytes = *sequencer;
    Shard::Options shard_options;
    shard_options.sequencer = std::move(sequencer);
    front = std::make_unique<Shard>(std::move(shard_options));
    front->set_now(now);
    keeper = std::make_unique<SnapshotKeeper>(journal, bytes, least_bytes, SnapshotKeeper::Found{},
                                              log.get(), [this] { news.tell(); });
    mqtt::Connect packet;
    packet.client_id = "c";
    packet.clean_start = true;
    std::string text;
    mqtt::append(text, packet);
    client = &front->accept(1);
    front->receive(*client, as_bytes(text));
    REQUIRE(client->state == ConnectionState::open);
  }
  // So many retained values more, and all of them durable.
  void grow(int count) {
    for (; count > 0; --count) {
      const std::string payload(value_bytes, 'x');
      const std::string topic = fmt::format("t/{}", values++);
      std::string text;
      mqtt::append(text,
                   mqtt::Publish{.qos = mqtt::Qos::at_least_once,
                                 .retain = true,
                                 .topic = topic,
                                 .packet_id = 1,
                                 .payload = as_bytes(payload)},
                   mqtt::Version::v5);
      front->receive(*client, as_bytes(text));
      front->flush();
      journal.step(now.mono);
      front->tick();
      front->take_dirty();
      client->dirty = false;
      client->out.clear();
    }
    REQUIRE(front->retained_count() == static_cast<std::size_t>(values));
    REQUIRE(journal.durable_end() == journal.next_position());
  }
  void pass(std::chrono::seconds time) {
    now.mono += time;
    front->set_now(now);
  }
  // Takes a snapshot if one is due now; false if none is.
  bool take() {
    step();
    if (!front->snapshot().is_running()) return false;
    for (int turns = 0; front->snapshot().is_running() && turns < 10'000; ++turns) {
      pass(std::chrono::seconds(0));
      now.mono += Millis(5);
      front->set_now(now);
      front->tick();
    }
    REQUIRE_FALSE(front->snapshot().is_running());
    REQUIRE(news.wait());
    step();
    return true;
  }
  // Until segments that it removes are gone.
  void step() {
    keeper->step(*front, now.mono);
    while (keeper->is_removing()) {
      REQUIRE(news.wait());
      keeper->step(*front, now.mono);
    }
  }
  std::size_t count_of(std::string_view ending) const {
    const auto paths = disk.paths();
    return static_cast<std::size_t>(std::ranges::count_if(
        paths, [&](const std::string& path) { return path.ends_with(ending); }));
  }
  std::size_t segments() const { return journal.segments().all().size(); }
  std::size_t warnings() {
    const auto lines = log->take_topic_lines();
    return static_cast<std::size_t>(std::ranges::count(lines, 'W', &EventLog::TopicLine::letter));
  }
};

}  // namespace

TEST_CASE("a snapshot is taken when the journal has grown enough, and by as much as the last one",
          "[broker]") {
  KeptStore it;
  CHECK_FALSE(it.take());
  it.grow(60);
  CHECK_FALSE(it.take());
  it.grow(140);
  CHECK(it.take());
  CHECK(it.count_of(storage::snapshot_ending) == 1);
  CHECK_FALSE(it.take());
  it.grow(120);  // more than the least, and less than 200 values
  CHECK_FALSE(it.take());
  it.grow(100);
  CHECK(it.take());
  CHECK(it.count_of(storage::snapshot_ending) == 1);
  CHECK(it.warnings() == 0);
}

TEST_CASE("a snapshot that fails is told once, and tried again after a pause", "[broker]") {
  KeptStore it;
  it.disk.fault = [](std::string_view call, const std::string& path) {
    const bool fails = call == "write" && path.find(storage::snapshot_ending) != std::string::npos;
    return fails ? std::optional(ErrorCode::io) : std::nullopt;
  };
  it.grow(120);
  const std::size_t segments = it.segments();
  CHECK(it.take());
  CHECK(it.warnings() == 1);
  for (int round = 0; round < 3; ++round) {
    it.pass(std::chrono::seconds(9));
    CHECK_FALSE(it.take());
    it.pass(std::chrono::seconds(1));
    CHECK(it.take());
    CHECK(it.warnings() == 0);
  }
  CHECK(it.segments() == segments);
  CHECK(it.count_of(storage::snapshot_ending) == 0);

  it.disk.fault = {};
  it.pass(std::chrono::seconds(10));
  CHECK(it.take());
  const auto lines = it.log->take_topic_lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines.front().letter == 'N');
  CHECK(it.segments() < segments);
  CHECK(it.count_of(storage::snapshot_ending) == 1);
}

TEST_CASE("segments are removed once the snapshot is durable, and not before", "[broker]") {
  KeptStore it;
  simulation::Random random(3);
  it.grow(300);
  const std::size_t segments = it.segments();
  REQUIRE(segments > 4);
  std::size_t removed = 0;
  const auto owner = std::this_thread::get_id();
  bool fails = true;
  it.disk.fault = [&](std::string_view call, const std::string& path) -> std::optional<ErrorCode> {
    if (call != "remove" || !path.ends_with(storage::segment_ending)) return std::nullopt;
    ++removed;
    // Nobody who is served waits for it.
    CHECK(std::this_thread::get_id() != owner);
    const auto left = it.disk.crash(random)->paths();
    CHECK(std::ranges::any_of(
        left, [](const std::string& one) { return one.ends_with(storage::snapshot_ending); }));
    return fails ? std::optional(ErrorCode::io) : std::nullopt;
  };
  CHECK(it.take());
  CHECK(removed == 1);
  CHECK(it.warnings() == 1);
  CHECK(it.segments() == segments);

  it.pass(std::chrono::seconds(9));
  CHECK_FALSE(it.take());
  CHECK(removed == 1);
  it.pass(std::chrono::seconds(1));
  CHECK_FALSE(it.take());  // only the removal is tried again
  CHECK(removed == 2);
  CHECK(it.warnings() == 0);
  fails = false;
  it.pass(std::chrono::seconds(10));
  CHECK_FALSE(it.take());
  CHECK(it.segments() == 1);

  // What is left has everything.
  const auto left = it.disk.crash(random);
  const storage::SmallStore again = storage::reopen(*left, options());
  CHECK(again.found.entries.size() > 300);
}
