#include "lib/backend/url.h"

#include <catch2/catch.hpp>

using namespace mqz::backend;

TEST_CASE("a URL has a scheme, a login, hosts and a path", "[backend]") {
  const auto url = parse_url("MQTT://me:p%40ss@h1:1884,[::1]/a/b%23");
  REQUIRE(url);
  CHECK(url->scheme == "mqtt");
  CHECK(url->user == "me");
  CHECK(url->password == "p@ss");
  CHECK(url->hosts == "h1:1884,[::1]");
  CHECK(url->path == "a/b#");
}

TEST_CASE("login and path of a URL may be missing", "[backend]") {
  const auto url = parse_url("mqtt://host");
  REQUIRE(url);
  CHECK_FALSE(url->user);
  CHECK_FALSE(url->password);
  CHECK(url->path.empty());
  const auto socket = parse_url("unix:///run/mqz.sock");
  REQUIRE(socket);
  CHECK(socket->hosts.empty());
  CHECK(socket->path == "run/mqz.sock");
}

TEST_CASE("a URL without a scheme or with a broken escape is refused", "[backend]") {
  for (const char* bad : {"host", "://host", "mqtt:host", "mqtt://a%4:b@c", "mqtt://h/%zz"}) {
    INFO(bad);
    CHECK_FALSE(parse_url(bad));
  }
}
