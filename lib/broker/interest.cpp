#include "lib/broker/interest.h"

#include <algorithm>

#include "lib/base/check.h"

namespace mqz::broker {

namespace {

constexpr std::size_t slots_min = 16;

}  // namespace

std::uint64_t Interest::level_part(std::string_view level, LevelKey key, std::size_t index) const {
  return hash_.of(level.size() <= short_level_bytes ? key : hash_.of(level), index + 1);
}

std::uint64_t Interest::form_part(const Form& form) const {
  return hash_.of(form.plus, form.levels * std::uint64_t{2} + (form.ends_in_hash ? 1U : 0U));
}

Interest::Parsed Interest::parse(std::string_view filter) const {
  Parsed parsed;
  std::size_t index = 0;
  for_each_level(filter, [&](std::string_view level, LevelKey key) {
    if (index < level_max) {
      if (level == "+") {
        parsed.form.plus |= std::uint64_t{1} << index;
      } else if (level == "#") {
        parsed.form.ends_in_hash = true;
      } else {
        parsed.hash += level_part(level, key, index);
      }
    }
    ++index;
  });
  parsed.fits = index <= level_max;
  // All that is too deep counts as one form.
  if (parsed.fits) {
    parsed.form.levels = static_cast<std::uint16_t>(index);
  } else {
    parsed.form = Form{};
  }
  parsed.hash += form_part(parsed.form);
  return parsed;
}

void Interest::add(std::string_view filter, unsigned bit) {
  const Parsed parsed = parse(filter);
  Shape* shape = parsed.fits ? find_shape(parsed.form) : nullptr;
  if (shape == nullptr) {
    if (!parsed.fits || shapes_.size() == shape_max || spilled_.contains(form_part(parsed.form))) {
      spill(parsed.form, bit);
      return;
    }
    shape = &shapes_.emplace_back(Shape{parsed.form, form_part(parsed.form), 0});
  }
  ++shape->users;
  count_up(parsed.hash, bit);
}

void Interest::remove(std::string_view filter, unsigned bit) {
  const Parsed parsed = parse(filter);
  Shape* shape = parsed.fits ? find_shape(parsed.form) : nullptr;
  if (shape == nullptr) {
    unspill(parsed.form, bit);
    return;
  }
  count_down(parsed.hash, bit);
  if (--shape->users == 0) {
    *shape = shapes_.back();
    shapes_.pop_back();
  }
}

std::uint64_t Interest::may_match(std::string_view topic) const {
  std::uint64_t bits = spilled_bits_;
  if (shapes_.empty()) return bits;
  std::array<std::uint64_t, level_max> parts;
  const bool is_hidden = topic.starts_with('$');
  std::size_t count = 0;
  for_each_level(topic, [&](std::string_view level, LevelKey key) {
    if (count < level_max) parts[count] = level_part(level, key, count);
    ++count;
  });
  for (const Shape& shape : shapes_) {
    const std::size_t named = shape.named_levels();
    if (shape.form.ends_in_hash ? count < named : count != named) continue;
    if (is_hidden && shape.wild_first()) continue;
    std::uint64_t hash = shape.part;
    for (std::size_t i = 0; i < named; ++i) {
      if (((shape.form.plus >> i) & 1U) == 0) hash += parts[i];
    }
    bits |= bits_of(hash);
  }
  return bits;
}

Interest::Shape* Interest::find_shape(const Form& form) {
  const auto found = std::find_if(shapes_.begin(), shapes_.end(),
                                  [&](const Shape& shape) { return shape.form == form; });
  return found == shapes_.end() ? nullptr : &*found;
}

std::uint64_t Interest::bits_of(std::uint64_t hash) const {
  std::uint64_t bits = 0;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at].users != 0; at = (at + 1) & mask) {
    if (slots_[at].hash() == hash) bits |= std::uint64_t{1} << slots_[at].bit;
  }
  return bits;
}

// The slot of that filter and party, or the empty one where it belongs.
std::size_t Interest::slot_of(std::uint64_t hash, unsigned bit) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].users != 0 && !(slots_[at].hash() == hash && slots_[at].bit == bit))
    at = (at + 1) & mask;
  return at;
}

void Interest::count_up(std::uint64_t hash, unsigned bit) {
  if (size_ * 5 >= slots_.size() * 4) resize(std::max(slots_min, slots_.size() * 2));
  Slot& slot = slots_[slot_of(hash, bit)];
  if (slot.users == 0) {
    slot.low = static_cast<std::uint32_t>(hash);
    slot.high = static_cast<std::uint32_t>(hash >> 32U);
    slot.bit = bit & 63U;
    ++size_;
  }
  MQZ_CHECK(slot.users != users_max);
  slot.users = (slot.users + 1) & users_max;
}

void Interest::count_down(std::uint64_t hash, unsigned bit) {
  std::size_t hole = slot_of(hash, bit);
  MQZ_CHECK(slots_[hole].users != 0);
  slots_[hole].users = (slots_[hole].users - 1) & users_max;
  if (slots_[hole].users != 0) return;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = (hole + 1) & mask; slots_[at].users != 0; at = (at + 1) & mask) {
    const std::size_t home = slots_[at].hash() & mask;
    if (((at - home) & mask) >= ((at - hole) & mask)) {
      slots_[hole] = slots_[at];
      hole = at;
    }
  }
  slots_[hole] = Slot{};
  --size_;
  if (slots_.size() > slots_min && size_ * 8 < slots_.size())
    resize(std::max(slots_min, slots_.size() / 4));
}

void Interest::resize(std::size_t slot_count) {
  std::vector<Slot> old(slot_count);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.users != 0) slots_[slot_of(slot.hash(), slot.bit)] = slot;
  }
}

void Interest::spill(const Form& form, unsigned bit) {
  ++spilled_[form_part(form)];
  ++spilled_users_[bit];
  spilled_bits_ |= std::uint64_t{1} << bit;
}

void Interest::unspill(const Form& form, unsigned bit) {
  const auto found = spilled_.find(form_part(form));
  MQZ_CHECK(found != spilled_.end() && spilled_users_[bit] != 0);
  if (--found->second == 0) spilled_.erase(found);
  if (--spilled_users_[bit] == 0) spilled_bits_ &= ~(std::uint64_t{1} << bit);
}

std::size_t Interest::memory_bytes() const {
  return slots_.capacity() * sizeof(Slot) + shapes_.capacity() * sizeof(Shape) +
         spilled_.size() * 40;
}

}  // namespace mqz::broker
