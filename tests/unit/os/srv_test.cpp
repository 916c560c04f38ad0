// SRV records, asked from a name server of the test's own.
#include "lib/os/srv.h"

#include <sys/socket.h>

#include <array>
#include <catch2/catch.hpp>
#include <future>
#include <set>

#include "lib/os/resolver.h"

using namespace mqz;
using namespace mqz::os;

namespace {

std::string number(unsigned value) {
  return {static_cast<char>(value >> 8U), static_cast<char>(value & 0xFFU)};
}

std::string name_of(const std::vector<std::string>& labels) {
  std::string name;
  for (const std::string& label : labels) name += static_cast<char>(label.size()) + label;
  return name + '\0';
}

const std::string question = name_of({"_mqtt", "_tcp", "example"});
const std::string to_question = "\xC0\x0C";

std::string srv(unsigned priority, unsigned weight, unsigned port, const std::string& host) {
  const std::string content = number(priority) + number(weight) + number(port) + host;
  return to_question + number(33) + number(1) + number(0) + number(60) +
         number(static_cast<unsigned>(content.size())) + content;
}

std::string answer_with(const std::string& id, const std::vector<std::string>& records) {
  std::string text = id + "\x81\x80" + number(1) + number(static_cast<unsigned>(records.size())) +
                     number(0) + number(0) + question + number(33) + number(1);
  for (const std::string& record : records) text += record;
  return text;
}

// Answers one datagram.
class NameServer {
 public:
  explicit NameServer(std::vector<std::string> records) {
    const Address any = resolve_at_once("127.0.0.1", 0)->value().front();
    fd_ = Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto* raw = reinterpret_cast<const sockaddr*>(any.sockaddr.data());
    REQUIRE(::bind(fd_.get(), raw, static_cast<socklen_t>(any.sockaddr.size())) == 0);
    address_ = any;
    socklen_t size = static_cast<socklen_t>(address_.sockaddr.size());
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(address_.sockaddr.data()), &size);
    served_ = std::async(std::launch::async, [this, answers = std::move(records)] {
      std::array<char, 1000> asked{};
      sockaddr_storage from{};
      socklen_t from_size = sizeof from;
      ::recvfrom(fd_.get(), asked.data(), asked.size(), 0, reinterpret_cast<sockaddr*>(&from),
                 &from_size);
      const std::string text = answer_with(std::string(asked.data(), 2), answers);
      ::sendto(fd_.get(), text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&from),
               from_size);
    });
  }
  const Address& address() const { return address_; }

 private:
  Fd fd_{};
  Address address_{};
  std::future<void> served_{};
};

}  // namespace

TEST_CASE("servers are found by name, the least priority first", "[threads]") {
  const NameServer server({srv(20, 0, 1884, name_of({"c", "example"})),
                           srv(10, 5, 1883, name_of({"a"})),
                           srv(10, 0, 1885,
                               "\x01"
                               "b" +
                                   to_question)});
  const auto found = find_srv("_mqtt._tcp.example", &server.address());
  REQUIRE(found);
  REQUIRE(found->size() == 3);
  const std::set<std::string> equal{(*found)[0].host, (*found)[1].host};
  CHECK(equal == std::set<std::string>{"a", "b._mqtt._tcp.example"});
  CHECK((*found)[2] == SrvRecord{20, 0, 1884, "c.example"});
}

TEST_CASE("a name without servers says so", "[threads]") {
  const NameServer none({srv(0, 0, 0, std::string(1, '\0'))});
  const auto found = find_srv("_mqtt._tcp.example", &none.address());
  REQUIRE_FALSE(found);
  CHECK(found.error().text ==
        "cannot find a server by \"_mqtt._tcp.example\": it has no SRV record");
}

TEST_CASE("every cut of an answer is refused or has fewer records, and nothing is read beyond it") {
  const std::string whole =
      answer_with("id", {srv(1, 2, 3, name_of({"host"})), srv(4, 5, 6, name_of({"other"}))});
  REQUIRE(parse_srv_answer(as_bytes(whole))->size() == 2);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_FALSE(parse_srv_answer(as_bytes({cut.data(), cut.size()})));
  }
}
