// Messages that do not read, and what records say of them behind the snapshot.
#include "lib/broker/unreadable_messages.h"

#include <catch2/catch.hpp>

using namespace mqz;
using namespace mqz::broker;

namespace {

constexpr std::uint64_t stamp = 20;

struct Found {
  Found() {
    ledger.note(
        SessionImage{.client_id = "a", .number = 7, .claim = 7, .durable = true, .expiry_s = 60},
        stamp);
    const storage::SnapshotEntry entry{.stamp = stamp};
    const Unread missing{.error = {ErrorCode::not_found, "missing"}};
    for (const std::uint64_t position : {3U, 4U, 5U})
      messages.add({entry, 7, position, storage::Address{9, 512}, missing});
  }
  void note(const Record& record) {
    ledger.note(record);
    messages.note(record);
  }
  std::size_t count() {
    messages.end(ledger);
    return messages.all().size();
  }

  SessionLedger ledger{};
  UnreadableMessages messages{};
};

}  // namespace

TEST_CASE("an unreadable message is not missed once a record has settled or moved it", "[store]") {
  Found found;
  found.note({.number = 7, .position = 21, .what = SettleRecord{.position = 3}});
  found.note({.number = 8, .position = 22, .what = SettleRecord{.position = 4}});
  CHECK(found.count() == 2);
  MovedRecord moved;
  moved.places = {{.number = 7, .position = 5}};
  found.note({.position = 23, .what = moved});
  CHECK(found.count() == 1);
  CHECK(found.messages.all().begin()->first == std::pair<std::uint64_t, std::uint64_t>{7, 4});
}

TEST_CASE("a record that is in the snapshot already settles nothing that waits there", "[store]") {
  Found found;
  found.note({.number = 7, .position = stamp, .what = SettleRecord{.position = 3}});
  CHECK(found.count() == 3);
}

TEST_CASE("nothing is missed of a session that has ended", "[store]") {
  Found found;
  found.note({.number = 7, .position = 21, .what = EndRecord{7}});
  CHECK(found.count() == 0);
  Found other;
  other.note(
      {.position = 21, .what = ConnectRecord{.client_id = "a", .claim = 9, .clean_start = true}});
  CHECK(other.count() == 0);
}
