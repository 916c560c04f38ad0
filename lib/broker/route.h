// Where a topic's messages go: the receivers on this shard, merged so that a session with several
// matching subscriptions appears once (3.3.4), and the parties elsewhere that may want them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/broker/groups.h"
#include "lib/broker/interest.h"
#include "lib/broker/subscriptions.h"

namespace mqz::broker {

struct Receiver {
  Session* session{};
  std::uint32_t identifier{};         // 0 for none
  std::vector<std::uint32_t> more{};  // identifiers after the first
  mqtt::Qos qos{};                    // the highest granted
  bool retain_as_published{};
};

struct Route {
  std::vector<Receiver> receivers{};
  std::vector<Group*> groups{};  // on their home shard only
  std::uint64_t elsewhere = 0;   // Interest's bits
  bool has_no_local = false;     // then the receivers depend on the publisher
  bool has_durable = false;      // a durable session or a group with one may be owed QoS 1 or 2
};

// Finds routes, and remembers those of topics that come again.
class Routes {
 public:
  Routes(std::uint64_t hash_seed, Subscriptions& subscriptions, Groups& groups, Interest& interest)
      : hash_seed_(hash_seed),
        subscriptions_(subscriptions),
        groups_(groups),
        interest_(interest) {}

  // Valid until the next find or the next change of a subscription.
  const Route& find(std::string_view topic, const Session* publisher);
  // The interest of others has changed.
  void interest_changed() { ++interest_version_; }

 private:
  static constexpr std::size_t slot_count = 1024;
  struct Slot {
    std::uint64_t hash = 0;
    std::uint64_t version = 0;
    bool is_filled = false;  // a topic is kept when it comes a second time
    std::string topic{};
    Route route{};
  };

  std::uint64_t version() const {
    return subscriptions_.version() + groups_.version() + interest_version_;
  }
  void fill(Route& route, std::string_view topic, const Session* publisher);
  void add(Route& route, const Subscriber& subscriber, const Session* publisher);

  std::uint64_t hash_seed_;
  Subscriptions& subscriptions_;
  Groups& groups_;
  Interest& interest_;
  std::uint64_t interest_version_ = 0;
  std::uint64_t stamp_ = 0;
  std::vector<Slot> slots_{slot_count};
  Route once_{};
};

}  // namespace mqz::broker
