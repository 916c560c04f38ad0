// Messages of long queues, which are read back from the journal when they are sent. One of these
// for each shard, used by its thread.
#pragma once

#include <vector>

#include "lib/base/error.h"
#include "lib/base/time.h"
#include "lib/broker/record.h"
#include "lib/storage/body_place.h"
#include "lib/storage/body_reader.h"
#include "lib/storage/lost_files.h"

namespace mqz::broker {

// Of a record that has one message for a queue; empty for others.
MessageRef take_message(Record& record);

// Why a message cannot be read back now.
struct Unread {
  Error error{};  // the text says the file and the offset
  // Damage whose loss was accepted: its queue goes on without it.
  bool may_pass = false;

  // Will it be the same next time? Not if the disk has failed.
  bool is_damage() const {
    return error.code == ErrorCode::corrupt || error.code == ErrorCode::not_found;
  }
};
using ReadMessage = tl::expected<MessageRef, Unread>;

class ParkedMessages {
 public:
  virtual ~ParkedMessages() = default;
  // The message of the record at a place, whose entry counts for so much; another one is damage.
  virtual ReadMessage read(const storage::BodyPlace& place, std::uint32_t cost, Now now) = 0;
  // A turn is over. What was read ahead is given back when none was read in it.
  virtual void rest() {}
};

class JournalMessages final : public ParkedMessages {
 public:
  explicit JournalMessages(const storage::SegmentTable& segments,
                           storage::AcceptedLoss accepted = {})
      : reader_(segments), accepted_(accepted) {}
  ReadMessage read(const storage::BodyPlace& place, std::uint32_t cost, Now now) override;
  void rest() override;

 private:
  Result<storage::RecordView> record_at(const storage::BodyPlace& place);
  Result<storage::RecordView> part_at(const storage::BodyPlace& place, std::size_t index);
  Result<storage::RecordView> join(const storage::BodyPlace& place);
  tl::unexpected<Unread> unread(Error error) const;

  storage::BodyReader reader_;
  std::vector<std::byte> joined_{};
  storage::AcceptedLoss accepted_;
  std::uint32_t segment_ = 0;  // where the last part was looked for
  bool has_read_ = false;      // in this turn
  bool is_released_ = true;
};

}  // namespace mqz::broker
