// Every transcript with durable sessions, and a restart put between any two of its steps: its
// clients resume, and it holds all the same.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <set>

#include "tests/scenario/durable_sessions.h"
#include "tests/scenario/reconnecting.h"
#include "tests/scenario/transcript_files.h"

using namespace mqz;
using namespace mqz::scenario;

namespace {

using Ending = Reconnecting::Ending;

constexpr std::array worlds{World{}, World{.shard_count = 4, .seed = 3},
                            World{.shard_count = 4, .delays = true, .seed = 4}};

// A transcript that a restart may change, or that is about sessions that end.
struct Exception {
  std::string_view file;
  std::string_view name;
  std::string_view why;
};

constexpr std::string_view sessions_end = "its sessions are to end with their connections";
constexpr std::string_view silence = "a connection's silence counts from its beginning";
constexpr std::string_view unread =
    "what was not read of a connection is lost with it, but what is "
    "sent again";
constexpr std::string_view own_resend = "the client sends again what the transcript sends again";
constexpr std::string_view aliases = "aliases are the connection's";
constexpr std::string_view turns = "whose turn it is in a group is not kept";
constexpr std::string_view fresh_quota = "the quota is the connection's";

constexpr Exception exceptions[] = {
    {"disk_full.txt", "a client that is not answered is read within its window, and no further",
     unread},
    {"disk_full.txt",
     "what was not acknowledged for want of room is no duplicate when it comes on another "
     "connection",
     own_resend},
    {"disk_full.txt", "without room on the disk what needs no keeping goes on", sessions_end},
    {"flow_control.txt", "a client that exceeds the server's Receive Maximum is disconnected",
     fresh_quota},
    {"keep_alive.txt", "a client silent for one and a half times its keep-alive is cut off",
     silence},
    {"keep_alive.txt", "a silent client of 3.x is cut off", silence},
    {"keep_alive.txt", "any packet starts the time anew", silence},
    {"keep_alive.txt", "what the broker sends does not keep a silent client alive", silence},
    {"keep_alive.txt", "a limit of the server is told in CONNACK and used", silence},
    {"keep_alive.txt", "part of a packet is no packet", silence},
    {"limits.txt", "without memory no message is taken, everything else is, and nothing is lost",
     unread},
    {"limits.txt", "a client whose message is not taken can be taken over", own_resend},
    {"limits.txt", "without memory a first packet may still be a CONNECT, and its messages wait",
     unread},
    {"restart.txt", "a session that ended with its connection is not found", sessions_end},
    {"restart.txt",
     "what a member of a group was given stays with it, and what nobody had taken is given",
     sessions_end},
    {"restart.txt", "what a member of a group has acknowledged does not come again", turns},
    {"session.txt", "a clean session ends with its connection", sessions_end},
    {"session.txt", "without an expiry interval a session of 5 ends with its connection",
     sessions_end},
    {"session.txt", "DISCONNECT cannot give an interval to a session that had none", sessions_end},
    {"shared.txt", "a message goes to one member, and the members take turns", turns},
    {"shared.txt", "a QoS 1 message of a member whose session ends goes to another", sessions_end},
    {"shared.txt", "clients of 3.1.1 may share too", turns},
    {"shared.txt", "a slow member's quota does not hold up the group", turns},
    {"topic_alias.txt", "an alias stands for the topic that it was sent with", aliases},
    {"topic_alias.txt", "an alias can be given a new topic", aliases},
    {"topic_alias.txt", "a topic that keeps coming goes out under an alias", aliases},
    {"will.txt", "a silent client's will is published when its keep-alive is over", silence},
    {"will.txt", "a session without expiry publishes its will at once, whatever the delay",
     sessions_end},
};

const Exception* exception_for(const TranscriptFile& file, const Scenario& scenario) {
  const auto at = std::ranges::find_if(exceptions, [&](const Exception& one) {
    return one.file == file.name && one.name == scenario.name;
  });
  return at == std::end(exceptions) ? nullptr : at;
}

struct Restarts {
  World world{};
  Ending ending = Ending::killed;
  std::size_t from = 0;  // between which steps
  std::size_t until = SIZE_MAX;
};

Played play_with(const Restarts& restarts, const Scenario& scenario, const std::string& version,
                 std::size_t& count) {
  ShardsUnderTest shards(restarts.world);
  Reconnecting broker(shards);
  const auto between = [&](std::size_t step) -> std::optional<std::string> {
    if (step < restarts.from || step >= restarts.until || !broker.can_restart())
      return std::nullopt;
    ++count;
    return broker.restart_unseen(restarts.ending);
  };
  return play(scenario, version, broker, between);
}

// One scenario in one of its versions.
struct Case {
  const TranscriptFile& file;
  const Scenario& scenario;  // with durable sessions
  const std::string& version;
  const Exception* exception;
  std::size_t number;
};

class Checks {
 public:
  // Does it hold with these restarts?
  bool check(const Case& one, const Restarts& restarts) {
    const Played played = play_with(restarts, one.scenario, one.version, count_);
    if (played.outcome == Outcome::passed) return true;
    if (one.exception != nullptr) {
      used_.insert(one.exception);
      return false;
    }
    INFO(one.file.name << ":" << one.scenario.line << ": " << one.scenario.name << " ("
                       << one.version << "), " << restarts.world.shard_count << " shards"
                       << (restarts.world.delays ? ", late commits" : "")
                       << (restarts.ending == Ending::killed ? ", killed" : ", stopped")
                       << " between steps " << restarts.from << " and " << restarts.until << "\n"
                       << played.text);
    CHECK(played.outcome == Outcome::passed);
    return false;
  }
  // One at each place in turn.
  void check_each(const Case& one, const World& world, Ending ending) {
    for (std::size_t gap = 0; gap <= one.scenario.steps.size(); ++gap)
      check(one, {world, ending, gap, gap + 1});
  }
  void check_used() const {
    for (const Exception& one : exceptions) {
      INFO(one.file << ": " << one.name << ": " << one.why);
      CHECK(used_.contains(&one));
    }
    CHECK(count_ > 4000);
  }

 private:
  std::set<const Exception*> used_{};
  std::size_t count_ = 0;
};

template <typename Visit>
void for_each_case(const Visit& visit) {
  std::size_t number = 0;
  for (const TranscriptFile& file : read_transcripts()) {
    for (const Scenario& written : file.scenarios) {
      const Scenario scenario = with_durable_sessions(written);
      for (const std::string& version : scenario.versions)
        visit(Case{file, scenario, version, exception_for(file, written), number++});
    }
  }
}

}  // namespace

TEST_CASE("clients that resume do not see restarts between any two steps of a transcript",
          "[scenario]") {
  Checks checks;
  for_each_case([&](const Case& one) {
    const World& world = worlds[one.number % worlds.size()];
    const Ending ending = one.number / worlds.size() % 2 == 0 ? Ending::killed : Ending::stopped;
    if (one.exception != nullptr) return checks.check_each(one, world, ending);
    const std::size_t gap = one.number * 7 % (one.scenario.steps.size() + 1);
    checks.check(one, {world, ending, gap, gap + 1});
    checks.check(one, {world, ending});
  });
  checks.check_used();
}

TEST_CASE("clients that resume do not see a restart between any two steps, in every world",
          "[scenario][.long]") {
  Checks checks;
  for_each_case([&](const Case& one) {
    for (const World& world : worlds) {
      checks.check_each(one, world, Ending::killed);
      checks.check_each(one, world, Ending::stopped);
    }
  });
  checks.check_used();
}
