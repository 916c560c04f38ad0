// Gives records their order. One per broker, owned by its first shard. What was proposed comes back
// from take_committed, in the order of the proposals and with its position, when it is as durable
// as the broker promises.
#pragma once

#include <optional>
#include <vector>

#include "lib/broker/record.h"

namespace mqz::broker {

class Sequencer {
 public:
  virtual ~Sequencer() = default;
  // `now` is for the deadlines in it.
  virtual void propose(Record&& record, Now now) = 0;
  // The turn in which something was proposed is over.
  virtual void flush() {}
  // The next committed record, if one is there. A turn may leave some for the next.
  virtual std::optional<Record> take_committed() = 0;
};

// Nothing survives the process; everything is committed at once.
class MemorySequencer final : public Sequencer {
 public:
  void propose(Record&& record, Now) override { records_.push_back(std::move(record)); }
  std::optional<Record> take_committed() override {
    if (next_ == records_.size()) {
      records_.clear();
      next_ = 0;
      return std::nullopt;
    }
    std::optional<Record> record(std::move(records_[next_++]));
    record->position = ++position_;
    return record;
  }

 private:
  std::vector<Record> records_{};
  std::size_t next_ = 0;
  std::uint64_t position_ = 0;
};

}  // namespace mqz::broker
