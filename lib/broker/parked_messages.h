// Messages of long queues, which are read back from the journal when they are sent. One of these
// for each shard, used by its thread.
#pragma once

#include <functional>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/time.h"
#include "lib/broker/record.h"
#include "lib/storage/body_place.h"
#include "lib/storage/body_reader.h"

namespace mqz::broker {

// Of a record that has one message for a queue; empty for others.
MessageRef take_message(Record& record);

class ParkedMessages {
 public:
  virtual ~ParkedMessages() = default;
  // The message of the record at a place, whose entry counts for so much. Empty when it cannot be
  // read, or is another one, which others have been told: the broker ends, or, if accepts_loss,
  // goes on without it.
  virtual MessageRef read(const storage::BodyPlace& place, std::uint32_t cost, Now now) = 0;
  virtual bool accepts_loss() const { return false; }
  // A turn is over. What was read ahead is given back when none was read in it.
  virtual void rest() {}
};

class JournalMessages final : public ParkedMessages {
 public:
  // `failed` is called when one cannot be read.
  JournalMessages(const storage::SegmentTable& segments, bool accepts_loss,
                  std::function<void(const Error&)> failed)
      : reader_(segments), accepts_loss_(accepts_loss), failed_(std::move(failed)) {}
  MessageRef read(const storage::BodyPlace& place, std::uint32_t cost, Now now) override;
  bool accepts_loss() const override { return accepts_loss_; }
  void rest() override;

 private:
  Result<storage::RecordView> record_at(const storage::BodyPlace& place);
  Result<storage::RecordView> join(const storage::BodyPlace& place);

  storage::BodyReader reader_;
  std::vector<std::byte> joined_{};
  bool accepts_loss_;
  bool has_read_ = false;  // in this turn
  bool is_released_ = true;
  std::function<void(const Error&)> failed_;
};

}  // namespace mqz::broker
