#include "lib/storage/segment.h"

#include <fmt/format.h>

#include <charconv>

#include "lib/storage/checksum.h"
#include "lib/storage/little_endian.h"

namespace mqz::storage {

namespace {

constexpr std::uint64_t magic = 0x746E656D6765734D;  // "Msegment"

constexpr std::size_t at_format = 8;
constexpr std::size_t at_ordinal = 12;
constexpr std::size_t at_store_id = 16;
constexpr std::size_t at_first = 24;
constexpr std::size_t at_chain = 32;
constexpr std::size_t at_bytes = 40;
constexpr std::size_t at_hash = segment_header_bytes - 8;

tl::unexpected<Error> wrong(const std::string& path, std::string what) {
  return fail(ErrorCode::corrupt, path + ": offset 0: " + std::move(what));
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

Result<void> check_segment(const Segment& segment) {
  const Result<std::uint64_t> size = segment.file->size();
  if (!size) return tl::unexpected(size.error());
  if (*size != segment.header.bytes) {
    return wrong(segment.path, fmt::format("the file has {} bytes and was made with {}", *size,
                                           segment.header.bytes));
  }
  if (file_name(segment.path) != segment_name(segment.header.first)) {
    return wrong(segment.path, "the header is that of " + segment_name(segment.header.first));
  }
  return {};
}

}  // namespace

SegmentHeaderBytes encode_segment_header(const SegmentHeader& header) {
  SegmentHeaderBytes bytes{};
  std::byte* const to = bytes.data();
  store(to, magic);
  store(to + at_format, store_format);
  store(to + at_ordinal, header.ordinal);
  store(to + at_store_id, header.store_id);
  store(to + at_first, header.first);
  store(to + at_chain, header.chain);
  store(to + at_bytes, header.bytes);
  store(to + at_hash, keyed_hash({to, at_hash}, magic));
  return bytes;
}

Result<SegmentHeader> decode_segment_header(Bytes bytes) {
  if (bytes.size() < segment_header_bytes) return fail(ErrorCode::corrupt, "no whole header");
  const std::byte* const at = bytes.data();
  if (load<std::uint64_t>(at) != magic ||
      load<std::uint64_t>(at + at_hash) != keyed_hash({at, at_hash}, magic)) {
    return fail(ErrorCode::corrupt, "the header is not what was written");
  }
  const auto format = load<std::uint32_t>(at + at_format);
  if (format > store_format) {
    return fail(ErrorCode::invalid, fmt::format("format {}; this program reads formats up to {}",
                                                format, store_format));
  }
  return SegmentHeader{load<std::uint64_t>(at + at_store_id), load<std::uint64_t>(at + at_first),
                       load<std::uint64_t>(at + at_chain), load<std::uint64_t>(at + at_bytes),
                       load<std::uint32_t>(at + at_ordinal)};
}

std::uint64_t segment_key(std::uint64_t store_id, std::uint32_t ordinal) {
  return store_id ^ (0x9E3779B97F4A7C15U * (std::uint64_t{ordinal} + 1));
}

std::string name_of_position(Position position, std::string_view ending) {
  return fmt::format("{:016x}{}", position, ending);
}

std::string segment_name(Position first) { return name_of_position(first, segment_ending); }

std::optional<Position> position_in_name(std::string_view name, std::string_view ending) {
  if (name.size() != 16 + ending.size() || !name.ends_with(ending)) return std::nullopt;
  Position position = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + 16, position, 16);
  if (error != std::errc{} || end != name.data() + 16) return std::nullopt;
  // One spelling for one position.
  if (name_of_position(position, ending) != name) return std::nullopt;
  return position;
}

Result<std::shared_ptr<Segment>> open_segment(os::Disk& disk, const std::string& path,
                                              os::OpenAs as) {
  Result<std::unique_ptr<os::DiskFile>> file = disk.open(path, as);
  if (!file) return tl::unexpected(file.error());
  SegmentHeaderBytes bytes{};
  const Result<std::size_t> got = (*file)->read_at(0, bytes);
  if (!got) return tl::unexpected(got.error());
  const Result<SegmentHeader> header = decode_segment_header(Bytes(bytes).first(*got));
  if (!header) {
    if (header.error().code == ErrorCode::corrupt) return wrong(path, header.error().text);
    return fail(header.error().code, path + ": " + header.error().text);
  }
  auto segment = std::make_shared<Segment>(Segment{*header, path, std::move(*file)});
  if (auto checked = check_segment(*segment); !checked) return tl::unexpected(checked.error());
  return segment;
}

void open_segments(os::Disk& disk, const std::string& directory, SegmentTable& table) {
  const auto names = disk.list(directory);
  if (!names) return;
  for (const std::string& name : *names) {
    if (!position_in_name(name, segment_ending)) continue;
    if (auto segment = open_segment(disk, directory + "/" + name, os::OpenAs::read))
      table.add(std::move(*segment));
  }
}

void SegmentTable::add(SegmentRef segment) {
  const std::lock_guard hold(lock_);
  const std::uint32_t ordinal = segment->header.ordinal;
  segments_[ordinal] = std::move(segment);
}

SegmentRef SegmentTable::find(std::uint32_t ordinal) const {
  const std::lock_guard hold(lock_);
  const auto at = segments_.find(ordinal);
  return at == segments_.end() ? nullptr : at->second;
}

void SegmentTable::forget(std::uint32_t ordinal) {
  SegmentRef last;  // closed outside the lock
  const std::lock_guard hold(lock_);
  const auto at = segments_.find(ordinal);
  if (at == segments_.end()) return;
  last = std::move(at->second);
  segments_.erase(at);
}

std::uint32_t SegmentTable::last() const {
  const std::lock_guard hold(lock_);
  return segments_.empty() ? 0 : segments_.rbegin()->first;
}

void SegmentTable::note_missing(std::uint32_t ordinal, MissingSegment segment) {
  const std::lock_guard hold(lock_);
  missing_[ordinal] = std::move(segment);
}

std::optional<MissingSegment> SegmentTable::find_missing(std::uint32_t ordinal) const {
  const std::lock_guard hold(lock_);
  const auto at = missing_.find(ordinal);
  return at == missing_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<SegmentRef> SegmentTable::all() const {
  const std::lock_guard hold(lock_);
  std::vector<SegmentRef> segments;
  segments.reserve(segments_.size());
  for (const auto& [ordinal, segment] : segments_) segments.push_back(segment);
  return segments;
}

}  // namespace mqz::storage
