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

bool PartJoiner::add(std::uint64_t incarnation, const RecordView& record, Address address,
                     Bytes& body) {
  if (record.head.part == Part::whole) {
    body = record.body;
    return true;
  }
  if (record.head.part == Part::first) begun_[incarnation] = {};
  const auto at = begun_.find(incarnation);
  if (at == begun_.end()) return false;
  std::vector<std::byte>& so_far = at->second.body;
  so_far.insert(so_far.end(), record.body.begin(), record.body.end());
  at->second.addresses.push_back(address);
  if (record.head.part != Part::last) return false;
  whole_ = std::move(at->second);
  begun_.erase(at);
  body = whole_.body;
  return true;
}

}  // namespace mqz::storage
