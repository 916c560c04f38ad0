#include "lib/broker/packet_ids.h"

#include <algorithm>
#include <deque>
#include <set>
#include <string>

#include "tests/unit/broker/reference.h"

using namespace mqz::broker;
using namespace mqz::test;

TEST_CASE("packet identifiers start at 1 and take no heap while none is in flight", "[broker]") {
  PacketIds<int> ids;
  CHECK(ids.memory_bytes() == 0);
  CHECK(ids.find(1) == nullptr);
  CHECK(ids.allocate(7) == 1);
  CHECK(ids.allocate(8) == 2);
  REQUIRE(ids.find(1) != nullptr);
  CHECK(*ids.find(1) == 7);
  CHECK(ids.release(1));
  CHECK_FALSE(ids.release(1));
  CHECK_FALSE(ids.release(0));
  CHECK(ids.release(2));
  CHECK(ids.memory_bytes() == 0);
  CHECK(ids.allocate(9) == 3);
}

TEST_CASE("all 65 535 packet identifiers can be in flight, and then none is left", "[broker]") {
  PacketIds<char> ids;
  std::set<PacketId> given;
  for (int i = 0; i < 65'535; ++i) given.insert(ids.allocate('x'));
  CHECK(given.size() == 65'535);
  CHECK(*given.begin() == 1);
  CHECK(ids.allocate('y') == no_packet_id);
  CHECK(ids.release(4'711));
  CHECK(ids.allocate('z') == 4'711);
  ids.clear();
  CHECK(ids.memory_bytes() == 0);
}

TEST_CASE("packet identifiers go round and skip what is still in flight", "[broker]") {
  PacketIds<int> ids;
  const PacketId stuck = ids.allocate(-1);
  for (int i = 0; i < 100'000; ++i) {
    const PacketId id = ids.allocate(i);
    REQUIRE((id != stuck && id != no_packet_id && ids.release(id)));
  }
  CHECK(ids.memory_bytes() <= 256);
  CHECK(*ids.find(stuck) == -1);
}

TEST_CASE("packet identifiers agree with a plain list under random use", "[broker]") {
  for (const auto seed : seeds(8)) {
    MQZ_SEED_INFO(seed);
    Choices choices(seed);
    PacketIds<std::string> ids;
    std::deque<std::pair<PacketId, std::string>> model;
    for (int step = 0; step < 2'000; ++step) {
      const bool growing = step / 500 % 2 == 0;
      if (model.empty() || choices.below(10) < (growing ? 8U : 2U)) {
        const std::string value = std::to_string(step);
        PacketId id = static_cast<PacketId>(choices.below(65'536));
        if (choices.one_in(20)) {
          const bool is_free = id != 0 && ids.find(id) == nullptr;
          REQUIRE(ids.insert(id, value) == is_free);
          if (!is_free) continue;
        } else {
          id = ids.allocate(value);
          REQUIRE(id != no_packet_id);
        }
        REQUIRE(std::none_of(model.begin(), model.end(), [&](const auto& other) { return other.first == id; }));
        model.emplace_back(id, value);
      } else {
        const auto gone = choices.one_in(3) ? model.begin() + static_cast<long>(choices.below(model.size()))
                                            : model.begin();
        REQUIRE(*ids.find(gone->first) == gone->second);
        REQUIRE(ids.release(gone->first));
        model.erase(gone);
      }
      REQUIRE(ids.size() == model.size());
      if (step % 50 != 0) continue;
      std::deque<std::pair<PacketId, std::string>> listed;
      ids.for_each([&](PacketId id, const std::string& value) { listed.emplace_back(id, value); });
      REQUIRE(listed == model);
    }
  }
}

TEST_CASE("packet identifiers move with their session", "[broker]") {
  PacketIds<int> ids;
  ids.allocate(1);
  PacketIds<int> other(std::move(ids));
  CHECK(ids.empty());
  CHECK(other.size() == 1);
  ids = std::move(other);
  CHECK(*ids.find(1) == 1);
  CHECK(ids.allocate(2) == 2);
}
