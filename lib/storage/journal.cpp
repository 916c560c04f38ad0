#include "lib/storage/journal.h"

#include <algorithm>
#include <thread>

#include "lib/base/check.h"
#include "lib/base/rules.h"

namespace mqz::storage {

namespace {

// So long nothing happens before the end is marked as durable.
constexpr Millis idle{50};
constexpr Millis ask_disk_every{1000};
constexpr std::size_t buffers_max = 16;
constexpr std::size_t buffer_bytes_max = std::size_t{1} << 20U;

}  // namespace

Journal::Journal(Parts parts, const JournalOptions& options)
    : parts_(std::move(parts)),
      options_(options),
      store_id_(parts_.end.segment->header.store_id),
      next_(parts_.end.next),
      shortage_(parts_.room->shortage()),
      committed_(next_),
      durable_(next_),
      space_(parts_.room->state()),
      writer_(std::move(parts_.end), *parts_.table, *parts_.room) {}

Position Journal::append(Frame frame) {
  MQZ_CHECK(frame.count != 0 && frame.bytes <= options_.frame_bytes_max);
  const Position first = next_;
  next_ += frame.count;
  waiting_.fetch_add(frame.buffer.size(), std::memory_order_relaxed);
  {
    const std::lock_guard hold(lock_);
    appended_.push_back(std::move(frame));
  }
  changed_.notify_one();
  return first;
}

void Journal::take_committed(std::vector<Committed>& to) {
  const std::lock_guard hold(lock_);
  to.insert(to.end(), committed_frames_.begin(), committed_frames_.end());
  committed_frames_.clear();
}

FrameBuffer Journal::take_buffer() {
  const std::lock_guard hold(lock_);
  if (buffers_.empty()) return {};
  FrameBuffer buffer = std::move(buffers_.back());
  buffers_.pop_back();
  return buffer;
}

std::optional<Error> Journal::failure() const {
  const std::lock_guard hold(lock_);
  return failure_;
}

Result<bool> Journal::remove_segments(std::span<const std::uint32_t> ordinals, Position counted) {
  if (durable_end() < counted && MQZ_RULE(removal_durable)) {
    sync_soon();
    return false;
  }
  for (const std::uint32_t ordinal : ordinals) {
    MQZ_CHECK(ordinal < last_segment());
    const SegmentRef segment = parts_.table->find(ordinal);
    if (segment == nullptr) continue;
    if (auto removed = parts_.disk.remove(segment->path); !removed)
      return tl::unexpected(removed.error());
    parts_.table->forget(ordinal);
  }
  if (auto synced = parts_.disk.sync_directory(parts_.directory); !synced)
    return tl::unexpected(synced.error());
  return true;
}

Result<void> Journal::write_batch() {
  bool stuck = false;
  while (written_ != batch_.size()) {
    const auto rest = std::span(batch_).subspan(written_);
    const Result<std::size_t> count = writer_.write(rest, places_);
    written_ += count.value_or(0);
    if (count && *count != 0) continue;
    const Result<void> begun = count ? writer_.roll() : tl::unexpected(count.error());
    if (!begun && begun.error().code != ErrorCode::unavailable) return begun;
    stuck = !begun;
    if (!stuck) continue;
    stuck_on_ = parts_.room->state() == SpaceState::full
                    ? begun.error().text
                    : "the store's disk is full: " + begun.error().text;
    break;
  }
  const std::lock_guard hold(lock_);
  stuck_ = stuck;
  return {};
}

bool Journal::is_sync_due(MonoTime now) const {
  if (writer_.is_synced()) return false;
  if (sync_now_) return true;
  switch (options_.durability) {
    case Durability::sync: return true;
    case Durability::interval: return now - last_sync_ >= options_.interval;
    case Durability::none: return false;
  }
  return true;
}

// In the other modes the mark would be a promise that nobody has asked for.
bool Journal::takes_mark(MonoTime now) const {
  return writer_.needs_mark() && writer_.is_synced() && now - last_commit_ >= idle;
}

// What did not fit on a full disk comes first.
void Journal::take_batch() {
  const std::lock_guard hold(lock_);
  if (batch_.empty()) std::swap(batch_, appended_);
  sync_now_ = std::exchange(sync_wanted_, false);
}

Result<void> Journal::commit(MonoTime now) {
  take_batch();
  if (!batch_.empty()) last_commit_ = now;
  if (auto written = write_batch(); !written) return written;
  if (!is_sync_due(now)) return {};
  last_sync_ = now;
  return writer_.sync();
}

// Returns the bytes that are committed by it.
std::uint64_t Journal::publish() {
  std::uint64_t bytes = 0;
  {
    const std::lock_guard hold(lock_);
    committed_.store(writer_.written_end(), std::memory_order_release);
    if (writer_.is_synced()) durable_.store(writer_.written_end(), std::memory_order_release);
    committed_frames_.insert(committed_frames_.end(), places_.begin(), places_.end());
    for (std::size_t i = 0; i < written_; ++i) {
      FrameBuffer& buffer = batch_[i].buffer;
      bytes += buffer.size();
      if (buffers_.size() < buffers_max && buffer.capacity() <= buffer_bytes_max)
        buffers_.push_back(std::move(buffer));
    }
  }
  durable_changed_.notify_all();
  batch_.erase(batch_.begin(), batch_.begin() + static_cast<std::ptrdiff_t>(written_));
  written_ = 0;
  places_.clear();
  waiting_.fetch_sub(bytes, std::memory_order_relaxed);
  return bytes;
}

// What is not in the way of a commit: the next segment, the mark of durability.
Result<void> Journal::settle(MonoTime now, std::uint64_t committed_bytes) {
  if (auto ended = writer_.sync_ended(); !ended) return ended;
  if (auto prepared = parts_.room->prepare(now); !prepared) return prepared;
  if (waiting_bytes() == 0) {
    if (auto filled = parts_.room->fill(committed_bytes); !filled) return filled;
  }
  if (!takes_mark(now)) return {};
  Result<void> marked = writer_.mark();
  if (marked || marked.error().code != ErrorCode::unavailable) return marked;
  last_commit_ = now;  // another time
  return {};
}

MonoTime Journal::next_step(MonoTime now) const {
  if (failed_) return MonoTime::max();
  MonoTime next = MonoTime::max();
  if (stuck_ || !parts_.room->is_prepared()) next = now + ask_disk_every;
  if (!writer_.is_synced() && options_.durability == Durability::interval)
    next = std::min(next, last_sync_ + options_.interval);
  if (writer_.needs_mark() && options_.durability != Durability::none)
    next = std::min(next, std::max(last_commit_ + idle, now + Millis{1}));
  return next;
}

void Journal::fail_for_ever(const Error& error) {
  failed_ = MQZ_RULE(failed_for_ever);
  {
    const std::lock_guard hold(lock_);
    failure_ = error;
  }
  durable_changed_.notify_all();
}

SpaceState Journal::note_space() {
  const SpaceState space = stuck_ ? SpaceState::full : parts_.room->state();
  if (space != SpaceState::ok) {
    const std::lock_guard hold(lock_);
    shortage_ = stuck_ ? stuck_on_ : parts_.room->shortage();
  }
  space_.store(space, std::memory_order_release);
  return space;
}

std::string Journal::shortage() const {
  const std::lock_guard hold(lock_);
  return shortage_;
}

MonoTime Journal::step(MonoTime now) {
  if (failed_) return MonoTime::max();
  const SpaceState space_before = space_.load(std::memory_order_relaxed);
  const Position committed_before = committed_end();
  Result<void> done = commit(now);
  if (done) {
    const std::uint64_t bytes = publish();
    if (committed_end() != committed_before && news_) news_();
    done = settle(now, bytes);
  }
  if (!done) fail_for_ever(done.error());
  const SpaceState space = note_space();
  if ((failed_ || space != space_before) && news_) news_();
  return next_step(now);
}

void Journal::finish(MonoTime now) {
  step(now);
  Result<void> marked;
  if (!failed_) marked = writer_.needs_mark() ? writer_.mark() : writer_.sync();
  if (!marked && marked.error().code != ErrorCode::unavailable) fail_for_ever(marked.error());
  if (!failed_) publish();
  {
    const std::lock_guard hold(lock_);
    finished_ = true;
  }
  durable_changed_.notify_all();
}

void Journal::sync_soon() {
  {
    const std::lock_guard hold(lock_);
    sync_wanted_ = true;
    woken_ = true;
  }
  changed_.notify_one();
}

bool Journal::wait_durable(Position end, const std::atomic<bool>& given_up) {
  constexpr Millis look_every{100};
  std::unique_lock hold(lock_);
  while (durable_end() < end) {
    if (failure_ || finished_ || given_up.load()) return false;
    durable_changed_.wait_for(hold, look_every);
  }
  return true;
}

bool Journal::wait(MonoTime until) {
  std::unique_lock hold(lock_);
  const auto has_work = [this] { return ended_ || woken_ || (!appended_.empty() && !stuck_); };
  if (until == MonoTime::max()) {
    changed_.wait(hold, has_work);
  } else {
    changed_.wait_until(hold, until, has_work);
  }
  woken_ = false;
  return !ended_;
}

void Journal::wake() {
  {
    const std::lock_guard hold(lock_);
    woken_ = true;
  }
  changed_.notify_one();
}

void Journal::end_waiting() {
  {
    const std::lock_guard hold(lock_);
    ended_ = true;
  }
  changed_.notify_one();
}

}  // namespace mqz::storage
