// Where the system allows no more threads, what needs one says so, and the process goes on.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "lib/storage/removal_thread.h"
#include "lib/storage/snapshot_thread.h"
#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::storage;

namespace {

// For root the limit does not hold.
void allow_no_threads() {
  constexpr uid_t nobody = 65534;
  static_cast<void>(::setuid(nobody));
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_NPROC, &none);
}

// In another process: true if the work returned true there.
template <typename Work>
bool succeeds_without_threads(Work work) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    allow_no_threads();
    ::_exit(work() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("a snapshot for which no thread can be started has failed", "[storage]") {
  FakeDisk disk;
  SmallStore store = reopen(disk);
  CHECK(succeeds_without_threads([&] {
    int told = 0;
    SnapshotThread snapshot(*store.journal, 1, [&] { ++told; });
    snapshot.end();
    const auto outcome = snapshot.outcome();
    return told == 1 && outcome && !*outcome && outcome->error().code == ErrorCode::unavailable;
  }));
}

TEST_CASE("segments for whose removal no thread can be started stay", "[storage]") {
  FakeDisk disk;
  SmallStore store = reopen(disk);
  CHECK(succeeds_without_threads([&] {
    int told = 0;
    const RemovalThread removal(*store.journal, {}, 1, [&] { ++told; });
    const auto outcome = removal.outcome();
    return told == 1 && outcome && !*outcome && outcome->error().code == ErrorCode::unavailable;
  }));
}
