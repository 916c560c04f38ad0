// The sequencer of a broker that stands alone: the local journal gives records their order, and a
// record is committed when the journal has it as durably as was promised. One thread, the front's.
#pragma once

#include "lib/base/ring.h"
#include "lib/broker/sequencer.h"
#include "lib/storage/journal.h"

namespace mqz::broker {

class JournalSequencer final : public Sequencer {
 public:
  // Bodies above this come in parts; frames are given to the journal at about this size.
  static constexpr std::size_t part_bytes = 256U << 10U;

  // `incarnation` has never been used with this journal.
  JournalSequencer(storage::Journal& journal, std::uint64_t incarnation)
      : journal_(journal), builder_(incarnation), next_(journal.next_position()) {}

  void propose(Record&& record, Now now) override;
  // What was proposed in this turn goes to the journal.
  void flush() override;
  std::optional<Record> take_committed() override;
  // Given to the journal since the beginning of this life.
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Waiting {
    Record record{};
    std::uint32_t offset = 0;  // in its frame, or its parts' in theirs
    std::uint32_t parts = 1;   // their last has the record's position
  };
  void append(storage::Frame frame);
  storage::Address address_of(storage::Position position, std::uint32_t offset);
  storage::BodyPlace place_of(const Waiting& committed);

  storage::Journal& journal_;
  storage::FrameBuilder builder_;
  storage::Position next_;  // of the next record
  Ring<Waiting> waiting_{};
  std::uint64_t bytes_ = 0;
  storage::Position committed_end_ = 0;
  std::vector<storage::Committed> committed_{};  // frames, not all of whose records were taken
  std::size_t committed_at_ = 0;
};

}  // namespace mqz::broker
