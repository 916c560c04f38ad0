// Which of up to 64 parties (other shards, the durable sessions as one) may have a filter that
// matches a topic. A yes may be wrong, a no never is. It costs some 15 to 30 bytes per filter and
// party, where a tree costs hundreds.
//
// Filters are grouped by shape (number of levels, which of them are +, whether # ends them); of a
// filter only the hash of its named levels is kept. A question costs one lookup per shape. Wrong
// yeses come from equal 64-bit hashes, and from filters beyond shape_max shapes or level_max
// levels, whose parties are named for every topic.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/hash.h"
#include "lib/broker/level_texts.h"

namespace mqz::broker {

class Interest {
 public:
  static constexpr std::size_t shape_max = 64;
  static constexpr std::size_t level_max = 64;

  explicit Interest(std::uint64_t hash_seed = 0) : hash_(hash_seed) {}

  // A valid, non-shared filter; bit below 64. Each add of a filter and bit is undone by one remove
  // of the same.
  void add(std::string_view filter, unsigned bit);
  void remove(std::string_view filter, unsigned bit);

  // The bits of those that may match the valid topic name (4.7, the rule for $ included).
  std::uint64_t may_match(std::string_view topic) const;

  bool empty() const { return size_ == 0 && spilled_.empty(); }
  std::size_t memory_bytes() const;

 private:
  // Which filters look alike. `levels` counts the # too.
  struct Form {
    std::uint64_t plus = 0;  // bit i: level i is +
    std::uint16_t levels = 0;
    bool ends_in_hash = false;
    friend bool operator==(const Form&, const Form&) = default;
  };
  struct Shape {
    Form form{};
    std::uint64_t part = 0;  // form_part(form)
    std::uint64_t users = 0;
    std::size_t named_levels() const { return form.levels - (form.ends_in_hash ? 1U : 0U); }
    bool wild_first() const { return (form.plus & 1U) != 0 || named_levels() == 0; }
  };
  // One filter and party, 12 bytes: the hash in two halves, the party and how many adds.
  static constexpr std::uint32_t users_max = (1U << 26U) - 1;
  struct Slot {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::uint32_t users : 26 = 0;
    std::uint32_t bit : 6 = 0;
    std::uint64_t hash() const { return (std::uint64_t{high} << 32U) | low; }
  };
  struct Parsed {
    Form form{};
    std::uint64_t hash = 0;
    bool fits = true;  // within level_max
  };
  // The part of one named level in the hash of a filter or topic; the parts are added.
  std::uint64_t level_part(std::string_view level, LevelKey key, std::size_t index) const;
  std::uint64_t form_part(const Form& form) const;
  Parsed parse(std::string_view filter) const;

  Shape* find_shape(const Form& form);
  std::uint64_t bits_of(std::uint64_t hash) const;
  void count_up(std::uint64_t hash, unsigned bit);
  void count_down(std::uint64_t hash, unsigned bit);
  void spill(const Form& form, unsigned bit);
  void unspill(const Form& form, unsigned bit);
  std::size_t slot_of(std::uint64_t hash, unsigned bit) const;
  void resize(std::size_t slot_count);

  KeyedHash hash_;
  std::vector<Shape> shapes_{};
  std::vector<Slot> slots_{};  // open addressing, linear probing; empty or a power of two
  std::size_t size_ = 0;
  // Forms that found no room among the shapes, for as long as they have filters: form_part -> how
  // many; and the filters of each party among them.
  std::unordered_map<std::uint64_t, std::uint64_t> spilled_{};
  std::array<std::uint32_t, 64> spilled_users_{};
  std::uint64_t spilled_bits_ = 0;
};

}  // namespace mqz::broker
