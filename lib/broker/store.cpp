#include "lib/broker/store.h"

#include <fmt/format.h>

#include "lib/broker/record_codec.h"
#include "lib/os/random.h"
#include "lib/storage/parts.h"

namespace mqz::broker {
namespace {

class Restorer final : public storage::StoreVisitor {
 public:
  explicit Restorer(Replay& replay) : replay_(replay) {}

  Result<void> on_frame(const storage::JournalFrame& frame) override {
    storage::RecordReader reader(frame.frame);
    storage::RecordView view;
    for (storage::Position position = frame.first; reader.next(view); ++position) {
      Bytes body;
      if (position < replay_.replay_from()) continue;
      const auto address = frame.address_of(view);
      if (!parts_.add(frame.frame, view, address, body)) continue;
      if (auto applied = apply(view, body, position, address); !applied) return applied;
    }
    return {};
  }

  // Somebody has accepted that these records are lost.
  Result<void> on_gap(storage::Position first, storage::Position end) override {
    replay_.pass_over({first, end});
    return replay_.check();
  }

  Result<void> on_snapshot_entry(const storage::SnapshotEntry& entry) override {
    auto object = decode(entry, Now{});
    if (!object) return tl::unexpected(object.error());
    replay_.restore(*std::move(object), entry.stamp);
    return replay_.check();
  }
  std::uint64_t broken() const { return parts_.broken(); }

 private:
  Result<void> apply(const storage::RecordView& view, Bytes body, storage::Position position,
                     storage::Address address) {
    auto record = decode(view.head.type, view.head.version, body, Now{});
    if (!record && record.error().code == ErrorCode::invalid && !view.head.must_understand)
      return {};
    if (!record) {
      return fail(record.error().code,
                  fmt::format("at position {}: {}", position, record.error().text));
    }
    record->position = position;
    record->place = view.head.part == storage::Part::whole ? storage::BodyPlace(address)
                                                           : storage::BodyPlace(parts_.addresses());
    replay_.apply(*std::move(record));
    return replay_.check();
  }

  Replay& replay_;
  storage::PartJoiner parts_{};
};

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options, Replay& replay) {
  std::unique_ptr<Store> store(new Store);
  Restorer restorer(replay);
  const storage::JournalOptions journal_options{
      .durability = options.durability, .interval = options.interval, .sizes = options.sizes};
  auto journal = storage::open_store(disk_of(options), options.directory, journal_options,
                                     os::random_u64(), restorer, store->report_);
  if (!journal) {
    Error error = journal.error();
    // A record says its position, and not where that is.
    if (error.text.find(options.directory) == std::string::npos)
      error.text = options.directory + ": " + error.text;
    return tl::unexpected(std::move(error));
  }
  replay.end();
  if (auto checked = replay.check(); !checked)
    return fail(checked.error().code, options.directory + ": " + checked.error().text);
  store->journal_ = std::move(*journal);
  store->broken_messages_ = restorer.broken();
  return store;
}

os::Disk& disk_of(const StoreOptions& options) {
  return options.disk != nullptr ? *options.disk : os::real_disk();
}

std::string durability_text(const StoreOptions& options) {
  if (options.directory.empty()) return "memory";
  switch (options.durability) {
    case storage::Durability::sync: return "sync";
    case storage::Durability::interval:
      return fmt::format("interval:{}ms", options.interval.count());
    case storage::Durability::none: return "none";
  }
  return {};
}

std::uint64_t Store::snapshot_bytes() const {
  if (report_.snapshot.name.empty()) return 0;
  const std::string path = journal_->directory() + "/" + report_.snapshot.name;
  const auto file = journal_->disk().open(path, os::OpenAs::read);
  if (!file) return 0;
  return (*file)->size().value_or(0);
}

void Store::start(std::function<void()> news) {
  journal_->on_news(std::move(news));
  committer_ = std::make_unique<storage::CommitThread>(*journal_);
}

}  // namespace mqz::broker
