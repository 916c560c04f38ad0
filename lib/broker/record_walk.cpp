#include "lib/broker/record_walk.h"

#include "lib/broker/record_codec.h"

namespace mqz::broker {

// Where the first segments were removed the journal begins later: nothing is lost by that.
Result<void> RecordWalk::come_to(storage::Position first) {
  const storage::Position expected = std::exchange(next_, first);
  if (expected == 0 || first <= expected) return {};
  return visitor_.on_lost(expected, first, false);
}

Result<void> RecordWalk::on_gap(storage::Position first, storage::Position end) {
  if (auto come = come_to(first); !come) return come;
  next_ = end;
  if (first == end) return {};
  return visitor_.on_lost(first, end, true);
}

Result<void> RecordWalk::on_frame(const storage::JournalFrame& frame) {
  if (auto come = come_to(frame.first); !come) return come;
  next_ = frame.end();
  storage::RecordReader reader(frame.frame);
  storage::RecordView view;
  for (storage::Position position = frame.first; reader.next(view); ++position) {
    Bytes body;
    if (!parts_.add(frame.frame.incarnation(), view, body)) continue;
    if (auto shown = show(view, body, position); !shown) return shown;
  }
  return {};
}

Result<void> RecordWalk::show(const storage::RecordView& view, Bytes body,
                              storage::Position position) {
  auto record = decode(view.head.type, view.head.version, body, now_);
  if (!record)
    return visitor_.on_record({position, view.head, body.size(), &record.error(), nullptr});
  record->position = position;
  return visitor_.on_record({position, view.head, body.size(), nullptr, &*record});
}

}  // namespace mqz::broker
