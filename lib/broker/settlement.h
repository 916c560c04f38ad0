// Something that waits until other shards route here: a shard's own bookkeeping.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/slots.h"
#include "lib/broker/mail.h"

namespace mqz::broker {

// The front's search for retained messages, which begins when so many records are committed.
struct WaitingRead {
  std::uint64_t committed = 0;
  std::uint64_t key = 0;  // token, or serve_key
  bool is_serve = false;  // for another shard
};

struct Settlement {
  std::size_t waiting = 0;
  // A SUBACK of a connection here, with the retained messages to send after it …
  SlotId connection{};
  std::uint16_t packet_id = 0;
  std::string reasons{};
  std::vector<std::uint64_t> reads{};
  // … or an answer to another shard that waits for this one.
  std::optional<ShardIndex> asker{};
  std::uint64_t asker_token = 0;
  // … or retained messages, for which what was published before them must be here …
  std::unique_ptr<RetainedSliceMail> slice{};
  std::optional<WaitingRead> read{};  // … or the home's search for them …
  // … or a shard that becomes active when this is settled.
  std::optional<ShardIndex> newcomer{};
};

}  // namespace mqz::broker
