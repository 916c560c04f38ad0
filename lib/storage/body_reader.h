// Reads single records back from the journal, for queues that are not kept in memory. One thread
// each; any number of them beside the writer.
#pragma once

#include "lib/storage/frame.h"
#include "lib/storage/segment.h"

namespace mqz::storage {

class BodyReader {
 public:
  explicit BodyReader(const SegmentTable& segments) : segments_(segments) {}

  // The record at an address that was committed; its sum is checked. The view lives until the next
  // call. What follows is read along with it, more the longer addresses go up: a queue is read in
  // large pieces, single records in small ones. not_found when the segment is gone; corrupt; or as
  // os::DiskFile has it. Each text says the file and, but for not_found, the offset.
  Result<RecordView> read(Address address);
  // Of the record that was read last.
  const std::string& path() const { return segment_->path; }
  // Gives the memory and the file back; reading goes on where it was.
  void release();

 private:
  Result<void> load(Address address, std::size_t bytes);
  Result<bool> find(Address address, RecordView& record);
  std::size_t bytes_ahead(Address address);

  const SegmentTable& segments_;
  SegmentRef segment_{};
  FrameBuffer window_{};
  std::uint32_t begin_ = 0;  // offset of the window in the file
  std::size_t ahead_ = 0;
};

}  // namespace mqz::storage
