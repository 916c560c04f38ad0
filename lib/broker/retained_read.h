// The retained messages that a new subscription asked for, on their way in slices. The tree may
// change between slices, and live messages pass meanwhile: a retained value older than one that
// passed is left out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "lib/base/slots.h"
#include "lib/broker/retained_tree.h"
#include "lib/mqtt/types.h"

namespace mqz::broker {

struct RetainedRead {
  RetainedRead() = default;
  explicit RetainedRead(std::uint32_t& open_reads) : open(&open_reads) { ++*open; }
  RetainedRead(const RetainedRead&) = delete;
  RetainedRead& operator=(const RetainedRead&) = delete;
  ~RetainedRead() {
    if (open != nullptr) --*open;
  }

  std::uint32_t* open = nullptr;  // the session's count; its reads end before it does
  std::uint64_t token = 0;
  SlotId session{};
  std::string filter{};
  std::uint32_t identifier = 0;
  mqtt::Qos qos{};
  std::uint32_t owed = 0;  // the number of its OwedRead; 0: it does not outlast the broker
  // All shards route to its subscription. What passed before may have been followed by what did not
  // come here; the home has both.
  bool settled = false;
  bool started = false;                          // its SUBACK is out, and it waits for no record
  bool asked = false;                            // a slice is on its way from the home
  bool searched = false;                         // nothing more will be found
  bool finished = false;                         // all is on its way; some may be proposed yet
  std::size_t proposed = 0;                      // deliveries to a durable session, not yet applied
  std::optional<RetainedTree::Cursor> cursor{};  // on the home shard
  std::vector<MessageRef> found{};  // not written yet: the client does not read fast enough
  std::unordered_set<std::string> passed{};  // topics of retained messages delivered live meanwhile

  bool has_passed(std::string_view topic) const {
    return !passed.empty() && passed.contains(std::string(topic));
  }
};

// At the home.
struct RetainedExpiry {
  MonoTime due{};
  MessageRef message{};
};

// A read that another shard does here, at the home.
struct RetainedServe {
  std::uint64_t token = 0;
  std::uint16_t shard = 0;
  RetainedTree::Cursor cursor;
};

}  // namespace mqz::broker
