#include "lib/os/srv.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "lib/os/random.h"

namespace mqz::os {
namespace {

constexpr int seconds_per_try = 3;
constexpr int tries = 3;
constexpr std::size_t answer_bytes_max = 16'384;
constexpr std::size_t header_bytes = 12;
constexpr std::size_t record_head_bytes = 10;  // type, class, time to live, size
constexpr std::size_t srv_head_bytes = 6;      // priority, weight, port

// Walks over a DNS message; every step fails at its end.
class Walk {
 public:
  explicit Walk(Bytes message)
      : begin_(reinterpret_cast<const unsigned char*>(message.data())),
        at_(begin_),
        end_(begin_ + message.size()) {}

  bool has(std::size_t bytes) const { return static_cast<std::size_t>(end_ - at_) >= bytes; }
  bool skip(std::size_t bytes) {
    if (!has(bytes)) return false;
    at_ += bytes;
    return true;
  }
  bool skip_name() {
    const int bytes = ::dn_skipname(at_, end_);
    return bytes >= 0 && skip(static_cast<std::size_t>(bytes));
  }
  bool take_name(std::string& name) {
    std::array<char, NS_MAXDNAME> room{};
    const int bytes = ::dn_expand(begin_, end_, at_, room.data(), static_cast<int>(room.size()));
    if (bytes < 0) return false;
    name = room.data();
    return skip(static_cast<std::size_t>(bytes));
  }
  // The caller made sure that they are there.
  std::uint16_t take_number() {
    const auto number = static_cast<std::uint16_t>(at_[0] << 8U | at_[1]);
    at_ += 2;
    return number;
  }

 private:
  const unsigned char* begin_;
  const unsigned char* at_;
  const unsigned char* end_;
};

tl::unexpected<Error> bad_answer() {
  return fail(ErrorCode::corrupt, "the name server's answer is malformed");
}

bool take_record(Walk& walk, std::vector<SrvRecord>& to) {
  if (!walk.skip_name() || !walk.has(record_head_bytes)) return false;
  const std::uint16_t type = walk.take_number();
  walk.skip(6);
  const std::uint16_t size = walk.take_number();
  Walk content = walk;
  if (!walk.skip(size)) return false;
  if (type != ns_t_srv) return true;
  if (size < srv_head_bytes) return false;
  SrvRecord record;
  record.priority = content.take_number();
  record.weight = content.take_number();
  record.port = content.take_number();
  if (!content.take_name(record.host)) return false;
  if (!record.host.empty()) to.push_back(std::move(record));  // "." : there is no such service
  return true;
}

// RFC 2782: the chance to come next is the weight's share; those without weight come rarely.
void order_by_chance(std::vector<SrvRecord>& records) {
  std::sort(records.begin(), records.end(), [](const SrvRecord& a, const SrvRecord& b) {
    return a.priority != b.priority ? a.priority < b.priority : a.weight < b.weight;
  });
  for (auto next = records.begin(); next != records.end(); ++next) {
    std::uint64_t total = 0;
    auto end = next;
    for (; end != records.end() && end->priority == next->priority; ++end) total += end->weight;
    std::uint64_t chance = random_u64() % (total + 1);
    auto chosen = next;
    while (chosen + 1 != end && chosen->weight < chance) {
      chance -= chosen->weight;
      ++chosen;
    }
    std::rotate(next, chosen, chosen + 1);
  }
}

std::string_view why_none(int error) {
  switch (error) {
    case HOST_NOT_FOUND: return "there is no such name";
    case NO_DATA: return "it has no SRV record";
    default: return "no name server answers";
  }
}

}  // namespace

Result<std::vector<SrvRecord>> parse_srv_answer(Bytes answer) {
  Walk walk(answer);
  if (!walk.has(header_bytes)) return bad_answer();
  walk.skip(4);
  const std::uint16_t questions = walk.take_number();
  const std::uint16_t answers = walk.take_number();
  walk.skip(4);
  for (int i = 0; i < questions; ++i) {
    if (!walk.skip_name() || !walk.skip(4)) return bad_answer();
  }
  std::vector<SrvRecord> records;
  for (int i = 0; i < answers; ++i) {
    if (!take_record(walk, records)) return bad_answer();
  }
  return records;
}

Result<std::vector<SrvRecord>> find_srv(const std::string& name, const Address* server) {
  struct __res_state state {};
  if (::res_ninit(&state) != 0) return fail(ErrorCode::io, "cannot read /etc/resolv.conf");
  state.retrans = seconds_per_try;
  state.retry = tries;
  if (server != nullptr) {
    std::memcpy(&state.nsaddr_list[0], server->sockaddr.data(), sizeof(sockaddr_in));
    state.nscount = 1;
  }
  std::vector<std::byte> answer(answer_bytes_max);
  const int bytes = ::res_nquery(&state, name.c_str(), ns_c_in, ns_t_srv,
                                 reinterpret_cast<unsigned char*>(answer.data()),
                                 static_cast<int>(answer.size()));
  const int error = state.res_h_errno;
  ::res_nclose(&state);
  const auto failed = [&](std::string_view why) {
    return fail(ErrorCode::unavailable,
                "cannot find a server by \"" + name + "\": " + std::string(why));
  };
  if (bytes < 0) return failed(why_none(error));
  const std::size_t size = std::min(answer.size(), static_cast<std::size_t>(bytes));
  auto records = parse_srv_answer(Bytes(answer).first(size));
  if (!records) return failed(records.error().text);
  if (records->empty()) return failed("it has no SRV record");
  order_by_chance(*records);
  return records;
}

}  // namespace mqz::os
