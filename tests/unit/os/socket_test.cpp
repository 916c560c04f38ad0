#include "lib/os/socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "lib/os/poller.h"

using namespace mqz;
using namespace mqz::os;

namespace {

Listener listen_at(std::string_view host) {
  auto addresses = resolve(host, 0);
  REQUIRE(addresses);
  auto listener = listen_on(addresses->front());
  REQUIRE(listener);
  return std::move(*listener);
}

void wait_for(int fd, Interest interest) {
  auto poller = Poller::open();
  REQUIRE(poller);
  REQUIRE(poller->add(fd, interest, nullptr));
  REQUIRE(!poller->wait(Millis(5000)).empty());
}

struct Pair {
  Fd client{};
  Fd server{};
};

Pair connect_pair(const Listener& listener) {
  auto client = start_connect(listener.address);
  REQUIRE(client);
  wait_for(client->get(), Interest::write);
  REQUIRE(connect_result(client->get(), listener.address));
  wait_for(listener.fd.get(), Interest::read);
  AcceptResult accepted = accept_on(listener, false);
  REQUIRE(accepted.status == IoStatus::ok);
  return {std::move(*client), std::move(accepted.accepted.fd)};
}

std::string read_text(int fd) {
  wait_for(fd, Interest::read);
  std::array<std::byte, 256> room{};
  const IoResult got = read_some(fd, room);
  REQUIRE(got.status == IoStatus::ok);
  return std::string(as_text(Bytes(room).first(got.bytes)));
}

void exchange(const Listener& listener) {
  const Pair pair = connect_pair(listener);
  const IoResult wrote = write_some(pair.client.get(), as_bytes("ping"));
  CHECK(wrote.status == IoStatus::ok);
  CHECK(wrote.bytes == 4);
  CHECK(read_text(pair.server.get()) == "ping");
  std::string first = "po";
  std::string second = "ng";
  const std::array<iovec, 2> parts{iovec{first.data(), 2}, iovec{second.data(), 2}};
  CHECK(write_some(pair.server.get(), parts).bytes == 4);
  CHECK(read_text(pair.client.get()) == "pong");
}

}  // namespace

TEST_CASE("bytes travel both ways over IPv4", "[os]") { exchange(listen_at("127.0.0.1")); }

TEST_CASE("bytes travel both ways over IPv6", "[os]") { exchange(listen_at("::1")); }

TEST_CASE("bytes travel both ways over a Unix socket, and a stale socket file is replaced",
          "[os]") {
  const std::string path = "/tmp/mqz-os-test-" + std::to_string(::getpid()) + ".sock";
  auto first = listen_on(unix_address(path));
  REQUIRE(first);
  CHECK(listen_on(unix_address(path)).error().code == ErrorCode::conflict);
  first->fd.close();
  auto second = listen_on(unix_address(path));
  REQUIRE(second);
  exchange(*second);
  ::unlink(path.c_str());
}

TEST_CASE("localhost is both loopback addresses without asking the resolver", "[os]") {
  const auto addresses = resolve("localhost", 1883);
  REQUIRE(addresses);
  REQUIRE(addresses->size() == 2);
  CHECK(addresses->at(0).text == "[::1]:1883");
  CHECK(addresses->at(1).text == "127.0.0.1:1883");
}

TEST_CASE("literals may stand in brackets, and unknown names are named", "[os]") {
  CHECK(resolve("[::1]", 5)->front().text == "[::1]:5");
  CHECK(resolve("0.0.0.0", 5)->front().text == "0.0.0.0:5");
  CHECK(resolve("", 5).error().code == ErrorCode::invalid);
  const auto unknown = resolve("nosuchhost.invalid", 1883);
  REQUIRE(!unknown);
  CHECK(unknown.error().code == ErrorCode::unavailable);
  CHECK_THAT(unknown.error().text, Catch::StartsWith("cannot resolve \"nosuchhost.invalid\": "));
}

TEST_CASE("a listener on port 0 knows the port it got", "[os]") {
  CHECK_THAT(listen_at("127.0.0.1").address.text, !Catch::EndsWith(":0"));
}

TEST_CASE("a port in use names the process that holds it", "[os]") {
  for (const char* host : {"127.0.0.1", "::1"}) {
    const Listener holder = listen_at(host);
    const auto second = listen_on(holder.address);
    REQUIRE(!second);
    CHECK(second.error().code == ErrorCode::conflict);
    CHECK(second.error().text ==
          "cannot listen on " + holder.address.text + ": Address already in use");
    CHECK_THAT(second.error().hint, Catch::Contains("(pid " + std::to_string(::getpid()) + ")"));
  }
}

TEST_CASE("connecting where nobody listens says where and why", "[os]") {
  Address address;
  {
    const Listener gone = listen_at("127.0.0.1");
    address = gone.address;
  }
  auto client = start_connect(address);
  if (client) {
    wait_for(client->get(), Interest::write);
    const auto result = connect_result(client->get(), address);
    REQUIRE(!result);
    CHECK(result.error().text == "cannot connect to " + address.text + ": Connection refused");
  } else {
    CHECK_THAT(client.error().text, Catch::EndsWith("Connection refused"));
  }
}

TEST_CASE("a socket path that is too long is refused", "[os]") {
  const Address address = unix_address(std::string(300, 'x'));
  CHECK(!listen_on(address));
  CHECK(!start_connect(address));
}

TEST_CASE("reading an idle connection would block; after the peer's half-close it is closed",
          "[os]") {
  const Pair pair = connect_pair(listen_at("127.0.0.1"));
  std::array<std::byte, 16> room{};
  CHECK(read_some(pair.server.get(), room).status == IoStatus::would_block);
  shutdown_write(pair.client.get());
  wait_for(pair.server.get(), Interest::read);
  CHECK(read_some(pair.server.get(), room).status == IoStatus::closed);
  CHECK(write_some(pair.server.get(), as_bytes("x")).status == IoStatus::ok);
}

TEST_CASE("writing until the peer must read would block, and to a closed peer is closed", "[os]") {
  Pair pair = connect_pair(listen_at("127.0.0.1"));
  const std::string block(65536, 'x');
  IoResult wrote{};
  for (int i = 0; i < 10000 && wrote.status == IoStatus::ok; ++i) {
    wrote = write_some(pair.client.get(), as_bytes(block));
  }
  CHECK(wrote.status == IoStatus::would_block);
  pair.server.close();
  for (int i = 0; i < 100 && wrote.status != IoStatus::closed; ++i) {
    wait_for(pair.client.get(), Interest::write);
    wrote = write_some(pair.client.get(), as_bytes(block));
  }
  CHECK(wrote.status == IoStatus::closed);
}

TEST_CASE("accepting tells the peer's address when asked, and would block when nobody waits",
          "[os]") {
  const Listener listener = listen_at("127.0.0.1");
  CHECK(accept_on(listener, true).status == IoStatus::would_block);
  const auto client = start_connect(listener.address);
  REQUIRE(client);
  wait_for(listener.fd.get(), Interest::read);
  const AcceptResult accepted = accept_on(listener, true);
  REQUIRE(accepted.status == IoStatus::ok);
  CHECK_THAT(accepted.accepted.peer, Catch::StartsWith("127.0.0.1:"));
  CHECK(peer_text(accepted.accepted.fd.get()) == accepted.accepted.peer);
}
