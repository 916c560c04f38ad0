#include "lib/storage/body_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace mqz::storage {

namespace {

constexpr std::size_t least_ahead = std::size_t{4} << 10U;
constexpr std::size_t most_ahead = std::size_t{256} << 10U;

}  // namespace

void BodyReader::release() {
  segment_.reset();
  window_ = {};
  begin_ = 0;
}

std::size_t BodyReader::bytes_ahead(Address address) {
  const bool is_next = segment_ != nullptr && address.segment == segment_->header.ordinal &&
                       address.offset >= begin_ &&
                       address.offset - begin_ <= window_.size() + least_ahead;
  ahead_ = is_next ? std::min(std::max(2 * ahead_, least_ahead), most_ahead) : least_ahead;
  return ahead_;
}

Result<void> BodyReader::load(Address address, std::size_t bytes) {
  if (segment_ == nullptr || segment_->header.ordinal != address.segment) {
    segment_ = segments_.find(address.segment);
    if (segment_ == nullptr) {
      const auto missing = segments_.find_missing(address.segment);
      return fail(ErrorCode::not_found,
                  fmt::format("{}: missing",
                              missing ? missing->path
                                      : fmt::format("segment {} of the journal", address.segment)));
    }
  }
  window_.clear();
  begin_ = address.offset;
  std::byte* const to = window_.grow(bytes);
  const Result<std::size_t> got = segment_->file->read_at(begin_, {to, bytes});
  window_.clear();
  if (!got) {
    return fail(got.error().code, fmt::format("{} (offset {})", got.error().text, address.offset));
  }
  window_.grow(*got);
  return {};
}

// False when the window does not hold the record, or not as it was written.
Result<bool> BodyReader::find(Address address, RecordView& record) {
  if (segment_ == nullptr || segment_->header.ordinal != address.segment ||
      address.offset < begin_ || address.offset - begin_ > window_.size()) {
    return false;
  }
  return read_record(window_.bytes().subspan(address.offset - begin_), record);
}

Result<RecordView> BodyReader::read(Address address) {
  RecordView record;
  Result<bool> found = find(address, record);
  // The window may have been read before the record was written, or end within it.
  if (!*found) {
    if (auto loaded = load(address, bytes_ahead(address)); !loaded)
      return tl::unexpected(loaded.error());
    found = find(address, record);
  }
  if (!*found && window_.size() >= record_header_bytes) {
    const std::uint64_t whole = record_bytes(window_.bytes());
    if (whole > window_.size() && whole <= segment_->header.bytes) {
      if (auto loaded = load(address, static_cast<std::size_t>(whole)); !loaded)
        return tl::unexpected(loaded.error());
      found = find(address, record);
    }
  }
  if (*found) return record;
  return fail(ErrorCode::corrupt, fmt::format("{}: offset {}: a record is not what was written",
                                              segment_->path, address.offset));
}

}  // namespace mqz::storage
