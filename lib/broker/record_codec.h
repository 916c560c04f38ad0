// Records as bytes, for the journal: one body per record, whose type and version stand beside it.
// FORMAT: numbers are little-endian base 128, a signed one has its sign in the lowest bit, texts
// and blocks have their length in front, times are milliseconds since 1970. A payload fills the
// rest of its body. record_codec.cpp has the fields in their order; a change of them needs a new
// version of the type.
#pragma once

#include <cstdint>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/error.h"
#include "lib/base/time.h"
#include "lib/broker/record.h"

namespace mqz::broker {

enum class RecordType : std::uint16_t {
  publish = 1,
  deliver = 2,
  group_taken = 3,
  connect = 4,
  disconnect = 5,
  subscribe = 6,
  unsubscribe = 7,
  settle = 8,
  release = 9,
  repeat = 10,
  will = 11,
  end = 12,
  start = 13,
  read_done = 14,
  moved = 15,
  clock = 16,
};

inline constexpr std::uint8_t record_version = 1;

RecordType type_of(const Record& record);
// "publish", "group_taken", …; "type N" is for the caller to say of what is newer: then empty.
std::string_view record_name(std::uint16_t type);

// The bytes of the body, and the body itself, which is exactly that long. Deadlines are kept as
// points of the wall clock, so they need both clocks.
std::size_t encoded_size(const Record& record, Now now);
void encode(const Record& record, Now now, std::byte* to);

// The same record, without what belongs to one life of the broker (shard, slots, reads). corrupt
// when the body is none of that type; invalid when the type or the version is newer than this
// program.
Result<Record> decode(std::uint16_t type, std::uint8_t version, Bytes body, Now now);

}  // namespace mqz::broker
