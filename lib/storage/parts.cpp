#include "lib/storage/parts.h"

#include <algorithm>

#include "lib/base/check.h"

namespace mqz::storage {

void add_in_parts(FrameBuilder& builder, RecordHead head, Bytes body, std::size_t part_bytes,
                  const std::function<void(Frame)>& sink) {
  MQZ_CHECK(part_bytes != 0 && body.size() > part_bytes);
  if (!builder.empty()) sink(builder.take());
  for (head.part = Part::first; body.size() > part_bytes; head.part = Part::middle) {
    builder.add(head, body.first(part_bytes));
    body = body.subspan(part_bytes);
    sink(builder.take());
  }
  head.part = Part::last;
  builder.add(head, body);
}

// A writer puts nothing between the parts of a record, and each into a frame of its own. A repair
// may have given up any of them; then what is left of the record is passed over.
PartJoiner::Begun* PartJoiner::go_on(const FrameView& frame, Part part) {
  const auto [at, is_new] = begun_.try_emplace(frame.incarnation());
  Begun& begun = at->second;
  const bool is_next = !is_new && frame.number() == begun.last_frame + 1;
  if (!is_next && !begun.is_broken) {
    begun = {.is_broken = true};
    ++broken_;
  }
  begun.last_frame = frame.number();
  if (!begun.is_broken) return &begun;
  if (part == Part::last) begun_.erase(at);
  return nullptr;
}

// Its writer has begun another record: this one will not be whole.
void PartJoiner::drop(std::uint64_t incarnation) {
  const auto at = begun_.find(incarnation);
  if (at == begun_.end()) return;
  if (!at->second.is_broken) ++broken_;
  begun_.erase(at);
}

bool PartJoiner::add(const FrameView& frame, const RecordView& record, Address address,
                     Bytes& body) {
  const Part part = record.head.part;
  if (part == Part::whole || part == Part::first) drop(frame.incarnation());
  if (part == Part::whole) {
    body = record.body;
    return true;
  }
  if (part == Part::first) begun_[frame.incarnation()].last_frame = frame.number() - 1;
  Begun* const begun = go_on(frame, part);
  if (begun == nullptr) return false;
  begun->body.insert(begun->body.end(), record.body.begin(), record.body.end());
  begun->addresses.push_back(address);
  if (part != Part::last) return false;
  whole_ = std::move(*begun);
  begun_.erase(frame.incarnation());
  body = whole_.body;
  return true;
}

}  // namespace mqz::storage
