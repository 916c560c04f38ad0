// A power cut is a test: at every sync the disk keeps only what it must, and the rest by chance.
#include <catch2/catch.hpp>

#include "lib/storage/compaction.h"
#include "lib/storage/identity.h"
#include "lib/storage/inspect.h"
#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::storage;
using simulation::Random;

namespace {

// The state is all texts by their position: a snapshot has those that were committed, the journal
// the rest.
std::map<Position, std::string> state_of(const Texts& found) {
  std::map<Position, std::string> state;
  for (const auto& [key, text] : found.entries) state[std::stoull(key)] = text;
  for (const auto& [position, text] : found.texts) {
    const auto known = state.find(position);
    if (known == state.end()) {
      state[position] = text;
    } else {
      REQUIRE(known->second == text);
    }
  }
  return state;
}

// What was appended, and how much of it was promised.
struct Promise {
  std::map<Position, std::string> appended{};
  Position durable = 1;
};

struct Image {
  std::unique_ptr<FakeDisk> disk{};
  Promise promise{};
};

std::vector<std::string> some_texts(Random& random, Position first) {
  std::vector<std::string> texts;
  const std::size_t count = 1 + random.below(4);
  for (std::size_t i = 0; i < count; ++i) {
    texts.push_back(std::to_string(first + i) + std::string(random.below(220), 'x'));
  }
  return texts;
}

// Appends and steps by chance; at every sync of the disk some images are taken.
JournalOptions options_for(Durability durability) {
  JournalOptions options = small_options(durability);
  options.sizes.first_bytes = 2048;
  options.sizes.fill_factor = 2;
  options.sizes.fill_bytes = 700;
  return options;
}

class Run {
 public:
  Run(std::uint64_t seed, Durability durability) : random_(seed), durability_(durability) {
    promise_.appended.clear();
  }

  std::vector<Image> play(FakeDisk& disk, Promise promise, int steps) {
    promise_ = std::move(promise);
    disk.at_sync = [&] { take_image(disk); };
    {
      auto store = open_small(disk, options_for(durability_));
      REQUIRE(store.has_value());
      journal_ = store->journal.get();
      FrameBuilder frames(random_.next());
      for (int i = 0; i < steps; ++i) step(frames, i * 10);
      if (random_.chance(0.5)) journal_->finish(MonoTime{Millis{steps * 10}});
      take_image(disk);
      journal_ = nullptr;
    }
    disk.at_sync = nullptr;
    return std::move(images_);
  }

 private:
  void step(FrameBuilder& frames, int ms) {
    for (std::size_t i = random_.below(5); i > 0; --i) {
      const auto texts = some_texts(random_, journal_->next_position());
      Position at = journal_->next_position();
      for (const std::string& text : texts) promise_.appended[at++] = text;
      append(*journal_, frames, texts);
    }
    journal_->step(MonoTime{Millis{ms}});
    if (random_.chance(0.15)) snapshot(ms);
  }

  void snapshot(int ms) {
    const Position end = journal_->committed_end();
    auto writer =
        SnapshotWriter::begin(journal_->disk(), journal_->directory(), {journal_->store_id(), end});
    REQUIRE(writer.has_value());
    SnapshotSlice slice;
    for (auto at = promise_.appended.begin(); at != promise_.appended.lower_bound(end); ++at) {
      slice.add({1, 1, as_bytes(std::to_string(at->first)), at->first, as_bytes(at->second)});
      if (slice.bytes() > 700) REQUIRE(writer->add(std::exchange(slice, {})).has_value());
    }
    REQUIRE(writer->add(std::move(slice)).has_value());
    journal_->sync_soon();
    journal_->step(MonoTime{Millis{ms}});
    REQUIRE(journal_->durable_end() >= writer->end());
    REQUIRE(writer->finish().has_value());
    const auto plan = plan_compaction(segment_loads(journal_->segments(), {}), end);
    REQUIRE(journal_->remove_segments(plan.remove, end).value());
  }

  void take_image(FakeDisk& disk) {
    if (journal_ != nullptr) promise_.durable = journal_->durable_end();
    for (int i = 0; i < 2; ++i) images_.push_back({disk.crash(random_), promise_});
    // Only the process is gone: what it had not synced shows, and may go with the next cut.
    if (random_.chance(0.2)) images_.push_back({disk.kill(), promise_});
  }

  Random random_;
  Durability durability_;
  Promise promise_{};
  Journal* journal_ = nullptr;
  std::vector<Image> images_{};
};

// Everything promised is there, nothing else than what was appended, in order, without holes.
void check_found(const Texts& found, const Promise& promise) {
  CHECK(found.gaps.empty());
  Position expected = 1;
  for (const auto& [position, text] : state_of(found)) {
    CHECK(position == expected++);
    const auto appended = promise.appended.find(position);
    REQUIRE(appended != promise.appended.end());
    CHECK(text == appended->second);
  }
  CHECK(expected >= promise.durable);
}

void play_twice(std::uint64_t seed, Durability durability, std::size_t& images) {
  FakeDisk disk;
  for (Image& image : Run(seed, durability).play(disk, {}, 12)) {
    ++images;
    INFO("seed " << seed << ", image " << images);
    Promise found = image.promise;
    // No stop is damage; a store that is not whole yet has no STORE.
    if (read_identity(*image.disk, store_directory))
      CHECK(verify_store(*image.disk, store_directory)->damage.empty());
    {
      const SmallStore store = reopen(*image.disk, options_for(durability));
      check_found(store.found, image.promise);
      found.appended = state_of(store.found);
      found.durable = found.appended.size() + 1;
    }
    // What was shown once lasts, whatever happens next.
    Random random(seed + images);
    if (!random.chance(0.1)) continue;
    for (const Image& second : Run(seed + images, durability).play(*image.disk, found, 3)) {
      ++images;
      check_found(reopen(*second.disk, options_for(durability)).found, second.promise);
    }
  }
}

}  // namespace

TEST_CASE("what was durable is found after any power cut and nothing else", "[storage]") {
  std::size_t images = 0;
  for (std::uint64_t seed = 1; images < 8000; ++seed) {
    play_twice(seed, Durability::sync, images);
    play_twice(seed, Durability::interval, images);
    play_twice(seed, Durability::none, images);
  }
}

TEST_CASE("what was durable is found after any power cut in many more runs", "[.long]") {
  std::size_t images = 0;
  for (std::uint64_t seed = 1000; images < 200'000; ++seed) {
    play_twice(seed, static_cast<Durability>(seed % 3), images);
  }
}
