#include "lib/storage/snapshot_parts.h"

#include <algorithm>
#include <cstring>

#include "lib/base/check.h"

namespace mqz::storage {

namespace {

// A damaged header is made anew only for a block that fits into memory without further thought.
constexpr std::uint64_t remade_bytes_max = 16U << 20U;
constexpr std::uint64_t scan_bytes = 1U << 20U;

struct Piece {
  SnapshotPart part{};
  bool is_sound = false;
  std::uint32_t told_sum = 0;
  // Of a block that has lost its header alone: the sum that it had.
  std::optional<std::uint32_t> remade_sum{};

  std::uint32_t likely_sum() const { return remade_sum.value_or(told_sum); }
};

class Division {
 public:
  Division(BlockFile& file, const SnapshotHeader& header)
      : file_(file), header_(header), sums_left_(4 * file.size() + scan_bytes) {}

  Result<std::vector<SnapshotPart>> run() {
    if (auto divided = divide(); !divided) return tl::unexpected(divided.error());
    judge();
    std::vector<SnapshotPart> parts;
    for (const Piece& piece : pieces_) parts.push_back(piece.part);
    return parts;
  }

 private:
  struct Found {
    std::uint64_t offset = 0;
    std::uint64_t number = 0;
  };

  Result<void> divide() {
    while (at_ < file_.size() && !has_totals_) {
      const auto head = file_.head_at(at_);
      if (!head) return tl::unexpected(head.error());
      const Result<bool> taken = *head ? take_block(**head) : false;
      if (!taken) return tl::unexpected(taken.error());
      if (*taken) continue;
      if (auto passed = pass_over(); !passed) return passed;
    }
    return {};
  }

  // A block whose header is right, or is likely to be since another block follows where it says.
  Result<bool> take_block(const BlockHead& head) {
    const Result<bool> sound = file_.is_sound(at_, head);
    if (!sound) return sound;
    const bool is_in_place = *sound && head.number == number_;
    if (is_in_place && head.is_totals) return take_totals(head);
    if (!is_in_place) {
      const Result<bool> follows = is_followed(at_ + head.bytes, number_ + 1);
      if (!follows || !*follows) return follows;
    }
    pieces_.push_back({{at_, head.bytes}, is_in_place, head.sum, {}});
    at_ += head.bytes;
    ++number_;
    return true;
  }

  Result<bool> take_totals(const BlockHead& head) {
    if (at_ + head.bytes != file_.size()) return false;
    const Result<Bytes> bytes = file_.at(at_, head.bytes);
    if (!bytes) return tl::unexpected(bytes.error());
    has_totals_ = true;
    chain_ = read_loosely(*bytes).chain;
    return true;
  }

  // Does a block with that number, or the file's end, seem to be here?
  Result<bool> is_followed(std::uint64_t offset, std::uint64_t number) {
    if (offset == file_.size()) return true;
    const auto next = file_.head_at(offset);
    if (!next) return tl::unexpected(next.error());
    return next->has_value() && (*next)->number == number;
  }

  // To the next block that is sound, or to the end.
  Result<void> pass_over() {
    const auto found = find_sound();
    if (!found) return tl::unexpected(found.error());
    const std::uint64_t end = *found ? (*found)->offset : file_.size();
    Piece piece{{at_, end - at_}, false, 0, {}};
    const bool is_one = *found && (*found)->number == number_ + 1;
    if (is_one && end - at_ >= block_header_bytes && end - at_ <= remade_bytes_max) {
      const Result<Bytes> bytes = file_.at(at_, end - at_);
      if (!bytes) return tl::unexpected(bytes.error());
      piece.told_sum = read_loosely(*bytes).sum;
      piece.remade_sum = remade_block_sum(*bytes, number_);
    }
    pieces_.push_back(piece);
    at_ = end;
    if (*found) number_ = (*found)->number;
    return {};
  }

  Result<std::optional<Found>> find_sound() {
    for (std::uint64_t from = at_ + 1; from < file_.size(); from += scan_bytes) {
      std::vector<std::uint64_t> candidates;
      if (auto found = find_magic(from, candidates); !found) return tl::unexpected(found.error());
      for (const std::uint64_t offset : candidates) {
        const auto head = file_.head_at(offset);
        if (!head) return tl::unexpected(head.error());
        const Result<bool> sound = *head ? is_next(offset, **head) : false;
        if (!sound) return tl::unexpected(sound.error());
        if (*sound) return Found{offset, (*head)->number};
      }
    }
    return std::nullopt;
  }

  Result<void> find_magic(std::uint64_t from, std::vector<std::uint64_t>& to) {
    const Result<Bytes> bytes = file_.at(from, scan_bytes + block_header_bytes);
    if (!bytes) return tl::unexpected(bytes.error());
    const std::string_view text = as_text(*bytes);
    for (std::size_t at = text.find(block_magic_text); at < scan_bytes;
         at = text.find(block_magic_text, at + 1)) {
      to.push_back(from + at);
    }
    return {};
  }

  // Could it stand here, and is it sound? What somebody has published may seem to be many blocks:
  // the work is bounded.
  Result<bool> is_next(std::uint64_t offset, const BlockHead& head) {
    const std::uint64_t blocks_max = (offset - at_) / block_header_bytes;
    if (head.number <= number_ || head.number - number_ > blocks_max) return false;
    const Result<bool> follows = is_followed(offset + head.bytes, head.number + 1);
    if (!follows || !*follows) return follows;
    if (head.bytes > sums_left_) return false;
    sums_left_ -= head.bytes;
    return file_.is_sound(offset, head);
  }

  // ---- Which are to be believed. ----

  template <typename SumOf>
  bool is_proven(SumOf sum_of) const {
    std::uint64_t chain = begin_chain(header_);
    for (const Piece& piece : pieces_) chain = chain_with(chain, sum_of(piece));
    return has_totals_ && chain == chain_;
  }

  void judge() {
    if (is_proven([](const Piece& piece) { return piece.likely_sum(); })) {
      keep([](const Piece& piece) { return piece.is_sound || piece.remade_sum; });
    } else if (is_proven([](const Piece& piece) { return piece.told_sum; })) {
      keep([](const Piece& piece) { return piece.is_sound; });
    } else {
      keep_ends();
    }
  }

  template <typename IsSo>
  void keep(IsSo is_so) {
    for (Piece& piece : pieces_) piece.part.is_kept = static_cast<bool>(is_so(piece));
  }

  // Those before the first that is damaged; and those that lead to the totals without a fault: the
  // numbers of blocks that somebody has made inside another one do not.
  void keep_ends() {
    for (Piece& piece : pieces_) {
      if (!piece.is_sound) break;
      piece.part.is_kept = true;
    }
    if (!has_totals_) return;
    for (std::size_t at = pieces_.size(); at > 0 && pieces_[at - 1].is_sound; --at)
      pieces_[at - 1].part.is_kept = true;
  }

  BlockFile& file_;
  SnapshotHeader header_;
  std::uint64_t sums_left_;  // bytes that may still be read for them
  std::uint64_t at_ = snapshot_header_bytes;
  std::uint64_t number_ = 0;  // that the block at `at_` should have
  std::vector<Piece> pieces_{};
  bool has_totals_ = false;
  std::uint64_t chain_ = 0;  // that they say
};

}  // namespace

Result<std::vector<SnapshotPart>> divide_snapshot(BlockFile& file, const SnapshotHeader& header) {
  return Division(file, header).run();
}

}  // namespace mqz::storage
