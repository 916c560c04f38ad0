#include "lib/broker/session_ledger.h"

#include <catch2/catch.hpp>

using namespace mqz;
using namespace mqz::broker;

namespace {

using Filters = std::set<std::string>;

void connect(SessionLedger& ledger, const std::string& client_id, std::uint64_t claim,
             bool clean_start = false) {
  ledger.note({.what = ConnectRecord{.client_id = client_id,
                                     .claim = claim,
                                     .clean_start = clean_start,
                                     .durable = true,
                                     .expiry_s = 60}});
}

void subscribe(SessionLedger& ledger, std::uint64_t number, const std::string& filter) {
  ledger.note(
      {.number = number,
       .what = SubscribeRecord{.entries = {{filter, {}}}, .refused = {mqtt::Reason::success}}});
}

}  // namespace

TEST_CASE("a session keeps its number and its filters when its client comes back", "[ledger]") {
  SessionLedger ledger;
  connect(ledger, "a", 5);
  subscribe(ledger, 5, "t/#");
  ledger.note({.number = 5, .what = DisconnectRecord{.claim = 5, .expiry_s = 60}});
  connect(ledger, "a", 8);
  subscribe(ledger, 5, "u");
  CHECK(ledger.client_of(5) == "a");
  CHECK(ledger.client_of(8).empty());
  CHECK(ledger.sessions().at(5).filters == Filters{"t/#", "u"});
  CHECK(ledger.session_of({.what = ConnectRecord{.client_id = "a", .claim = 9}}) == 5);
  ledger.note({.number = 5, .what = UnsubscribeRecord{.filters = {"u"}}});
  CHECK(ledger.sessions().at(5).filters == Filters{"t/#"});
}

TEST_CASE("a clean start, an end and a last disconnect end a session, and a void end does not",
          "[ledger]") {
  SessionLedger ledger;
  connect(ledger, "a", 1);
  subscribe(ledger, 1, "t");
  connect(ledger, "a", 2, true);
  CHECK(ledger.client_of(1).empty());
  CHECK(ledger.sessions().at(2).filters.empty());
  connect(ledger, "a", 3);
  ledger.note({.number = 2, .what = EndRecord{2}});  // the client has been back
  CHECK(ledger.client_of(2) == "a");
  ledger.note({.number = 2, .what = EndRecord{3}});
  CHECK(ledger.sessions().empty());
  connect(ledger, "b", 4);
  ledger.note({.number = 4, .what = DisconnectRecord{.claim = 4, .expiry_s = 0}});
  CHECK(ledger.sessions().empty());
}

TEST_CASE(
    "a session that ends with its connection ends with its broker, or with its will after that",
    "[ledger]") {
  SessionLedger ledger;
  ledger.note({.what = ConnectRecord{.client_id = "a", .claim = 1}});
  ledger.note({.what = ConnectRecord{.client_id = "b", .claim = 2, .will = Will{}}});
  ledger.note({.what = ConnectRecord{.client_id = "c", .claim = 3, .expiry_s = 60}});
  ledger.note({.what = StartRecord{}});
  CHECK_FALSE(ledger.has(1));
  CHECK(ledger.has(2));
  CHECK(ledger.has(3));
  ledger.note({.number = 2, .what = WillRecord{9}});  // of another use of the client id
  CHECK(ledger.has(2));
  ledger.note({.number = 2, .what = WillRecord{2}});
  CHECK_FALSE(ledger.has(2));
  connect(ledger, "c", 4);
  ledger.note({.number = 3, .what = DisconnectRecord{.claim = 3, .expiry_s = 0}});  // too late
  CHECK(ledger.has(3));
}

TEST_CASE("what a snapshot says of sessions holds against the records that are in it", "[ledger]") {
  SessionLedger ledger;
  ledger.note(SessionImage{.client_id = "a",
                           .number = 1,
                           .claim = 4,
                           .durable = true,
                           .subscriptions = {{{"t", {}}, 0}}},
              20);
  ledger.note(SessionImage{.client_id = "b", .number = 2, .claim = 2, .durable = true}, 20);
  ledger.note(EndedImage{"b", 2}, 22);
  ledger.note({.number = 1, .position = 15, .what = UnsubscribeRecord{.filters = {"t"}}});
  ledger.note({.position = 16, .what = ConnectRecord{.client_id = "b", .claim = 2}});
  ledger.note({.number = 1, .position = 17, .what = EndRecord{4}});
  CHECK(ledger.sessions().size() == 1);
  CHECK(ledger.sessions().at(1).filters == Filters{"t"});
  ledger.note({.position = 23, .what = ConnectRecord{.client_id = "b", .claim = 7}});
  CHECK(ledger.client_of(7) == "b");
  ledger.note({.number = 1, .position = 24, .what = EndRecord{4}});
  CHECK(ledger.client_of(1).empty());
}
