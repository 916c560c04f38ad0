// Records that are larger than a frame: split over frames with consecutive numbers, and joined
// again. What joins keeps the parts of a writer until the last one comes.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "lib/storage/frame.h"
#include "lib/storage/segment.h"

namespace mqz::storage {

// Adds a record whose body exceeds `part_bytes` as parts. Every frame but the last is taken and
// given to `sink`; the last part stays in `builder`, at offset frame_header_bytes.
void add_in_parts(FrameBuilder& builder, RecordHead head, Bytes body, std::size_t part_bytes,
                  const std::function<void(Frame)>& sink);

class PartJoiner {
 public:
  // Gives the whole body when `record`, the next of `frame`, completes one: a view of the record,
  // or of what was collected until the next call. False when more is to come, or when parts before
  // are missing and the record can never be whole.
  bool add(const FrameView& frame, const RecordView& record, Bytes& body) {
    return add(frame, record, {}, body);
  }
  // The same for who wants to know where the parts stand.
  bool add(const FrameView& frame, const RecordView& record, Address address, Bytes& body);
  // Those of the last body that was completed by a part.
  const std::vector<Address>& addresses() const { return whole_.addresses; }
  // The writer is no more; what it began is void.
  void forget(std::uint64_t incarnation) { begun_.erase(incarnation); }
  std::size_t begun() const { return begun_.size(); }
  // Records of which a part is missing. Who begins to read behind the first part must not show the
  // others.
  std::uint64_t broken() const { return broken_; }

 private:
  struct Begun {
    std::uint64_t last_frame = 0;  // its number: the next part is in the next one
    bool is_broken = false;        // a part is missing; nothing is kept of the others
    std::vector<std::byte> body{};
    std::vector<Address> addresses{};
  };
  Begun* go_on(const FrameView& frame, Part part);
  void drop(std::uint64_t incarnation);

  std::map<std::uint64_t, Begun> begun_{};
  Begun whole_{};
  std::uint64_t broken_ = 0;
};

}  // namespace mqz::storage
