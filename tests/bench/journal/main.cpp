// How fast the journal commits small records on this disk, beside a bare loop of write and
// fdatasync with batches of the same size, in the same run. Nothing is asserted.
//
//   mqz_journal DIRECTORY [SECONDS [RECORD_BYTES [sync|interval|none]]]
//
// Prints for each number of outstanding records: records/s, microseconds until a frame is committed
// (median, 99th percentile), records per batch, processor time per record of both threads, and what
// the bare loop does. Then how fast what was written is read back at a start.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>

#include "lib/os/poller.h"
#include "lib/storage/commit_thread.h"
#include "lib/storage/store.h"

namespace mqz::bench {
namespace {

using Clock = std::chrono::steady_clock;
using namespace mqz::storage;

struct Settings {
  std::string directory{};
  double seconds = 2;
  std::size_t record_bytes = 100;
  Durability durability = Durability::sync;
};

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](timeval time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

[[noreturn]] void give_up(const Error& error) {
  std::fprintf(stderr, "mqz_journal: %s\n", error.text.c_str());
  std::exit(1);
}

template <typename T>
T need(Result<T> result) {
  if (!result) give_up(result.error());
  return std::move(*result);
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at] * 1e6;
}

class Counter final : public StoreVisitor {
 public:
  Result<void> on_frame(const JournalFrame& frame) override {
    records += frame.frame.count();
    return {};
  }
  Result<void> on_gap(Position, Position) override { return {}; }
  Result<void> on_snapshot_entry(const SnapshotEntry&) override { return {}; }
  std::uint64_t records = 0;
};

std::unique_ptr<Journal> open_journal(const Settings& settings) {
  JournalOptions options;
  options.durability = settings.durability;
  Counter counter;
  OpenReport report;
  const auto begin = Clock::now();
  auto journal = need(open_store(os::real_disk(), settings.directory, options, 1, counter, report));
  const double seconds = since(begin);
  if (report.journal.bytes > std::uint64_t{1} << 20U) {
    std::printf("opened in %.3f s: %llu records, %.0f MB, %.2f GB/s\n", seconds,
                static_cast<unsigned long long>(counter.records),
                1e-6 * static_cast<double>(report.journal.bytes),
                1e-9 * static_cast<double>(report.journal.bytes) / seconds);
  }
  return journal;
}

struct Figures {
  double records_per_second = 0;
  double batch_records = 0;
  double cpu_us = 0;
  std::vector<double> seconds{};  // until a frame was committed
};

// Keeps `outstanding` records on their way: what is committed is replaced at once, in frames of at
// most a quarter of them, so that one batch gathers while another is synced.
Figures run_journal(Journal& journal, const Settings& settings, std::size_t outstanding) {
  const os::Wakeup wakeup = need(os::Wakeup::open());
  os::Poller poller = need(os::Poller::open());
  need(poller.add(wakeup.fd(), os::Interest::read, nullptr).map([] { return 0; }));
  std::uint64_t turns = 0;
  journal.on_news([&] { wakeup.wake(); });
  const CommitThread committer(journal);

  FrameBuilder frames(static_cast<std::uint64_t>(Clock::now().time_since_epoch().count()));
  const std::vector<std::byte> body(settings.record_bytes, std::byte{'x'});
  std::deque<Clock::time_point> begun;
  std::vector<Committed> places;
  Figures figures;
  const std::size_t frame_records = std::max<std::size_t>(1, outstanding / 4);
  std::size_t free = outstanding;
  std::uint64_t committed = 0;
  const double cpu = cpu_seconds();
  const auto begin = Clock::now();
  bool ending = false;
  for (;;) {
    ending = since(begin) >= settings.seconds;
    if (ending && free == outstanding) break;
    if (!ending && free != 0) {
      frames.reuse(journal.take_buffer());
      for (; free != 0 && frames.count() < frame_records; --free)
        frames.add({1, 1, true, Part::whole}, body);
      begun.push_back(Clock::now());
      journal.append(frames.take());
      if (free != 0) continue;
    }
    if (journal.failure()) give_up(*journal.failure());
    poller.wait(Millis{1000});
    wakeup.drain();
    journal.take_committed(places);
    if (!places.empty()) ++turns;
    for (const Committed& place : places) {
      figures.seconds.push_back(since(begun.front()));
      begun.pop_front();
      free += place.count;
      committed += place.count;
    }
    places.clear();
  }
  const auto count = static_cast<double>(committed);
  figures.records_per_second = count / since(begin);
  figures.batch_records = count / static_cast<double>(turns);
  figures.cpu_us = 1e6 * (cpu_seconds() - cpu) / count;
  return figures;
}

// What the disk does by itself: allocated, then one write and one fdatasync at a time.
Figures run_bare(const Settings& settings, double batch_bytes) {
  const std::string path = settings.directory + "/bare.tmp";
  constexpr std::uint64_t file_bytes = std::uint64_t{64} << 20U;
  os::Disk& disk = os::real_disk();
  const auto file = need(disk.open(path, os::OpenAs::create));
  need(file->allocate(file_bytes).map([] { return 0; }));
  need(file->sync().map([] { return 0; }));
  const std::vector<std::byte> batch(static_cast<std::size_t>(batch_bytes), std::byte{'x'});
  const std::array piece{Bytes(batch)};
  Figures figures;
  const auto begin = Clock::now();
  std::uint64_t offset = 0;
  std::uint64_t batches = 0;
  for (; since(begin) < settings.seconds / 2; ++batches, offset += batch.size()) {
    if (offset + batch.size() > file_bytes) offset = 0;
    const auto start = Clock::now();
    need(file->write_at(offset, piece).map([] { return 0; }));
    need(file->sync().map([] { return 0; }));
    figures.seconds.push_back(since(start));
  }
  figures.records_per_second = static_cast<double>(batches) / since(begin);
  need(disk.remove(path).map([] { return 0; }));
  return figures;
}

void run(const Settings& settings, std::size_t outstanding) {
  Figures journal = [&] {
    const auto opened = open_journal(settings);
    return run_journal(*opened, settings, outstanding);
  }();
  const double record = static_cast<double>(settings.record_bytes + record_header_bytes);
  Figures bare = run_bare(settings, journal.batch_records * record + 80);
  std::printf(
      "%7zu outstanding: %9.0f records/s, commit p50 %6.0f p99 %6.0f us, %7.1f records a batch, "
      "%.3f us cpu each | bare %9.0f records/s, p50 %5.0f p99 %5.0f us\n",
      outstanding, journal.records_per_second, percentile(journal.seconds, 0.5),
      percentile(journal.seconds, 0.99), journal.batch_records, journal.cpu_us,
      bare.records_per_second * journal.batch_records, percentile(bare.seconds, 0.5),
      percentile(bare.seconds, 0.99));
  std::fflush(stdout);
}

Durability durability_named(std::string_view name) {
  return name == "none"       ? Durability::none
         : name == "interval" ? Durability::interval
                              : Durability::sync;
}

int main_of(int argc, char** argv) {
  if (argc < 2 || argc > 5) {
    std::fprintf(stderr, "usage: mqz_journal DIRECTORY [SECONDS [RECORD_BYTES [MODE]]]\n");
    return 2;
  }
  Settings settings;
  settings.directory = argv[1];
  if (argc > 2) settings.seconds = std::atof(argv[2]);
  if (argc > 3) settings.record_bytes = static_cast<std::size_t>(std::atol(argv[3]));
  if (argc > 4) settings.durability = durability_named(argv[4]);
  for (const std::size_t outstanding : {1, 64, 1024, 16'384}) run(settings, outstanding);
  open_journal(settings);
  return 0;
}

}  // namespace
}  // namespace mqz::bench

int main(int argc, char** argv) { return mqz::bench::main_of(argc, argv); }
