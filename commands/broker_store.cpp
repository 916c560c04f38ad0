#include "commands/broker_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <thread>

#include "commands/general_options.h"
#include "commands/help.h"
#include "commands/parsed.h"
#include "commands/store_check.h"
#include "commands/store_loss.h"
#include "commands/store_place.h"
#include "commands/store_records.h"
#include "commands/version.h"
#include "lib/broker/shard.h"
#include "lib/broker/store_compaction.h"
#include "lib/os/clock.h"
#include "lib/storage/lost_files.h"
#include "lib/storage/repair.h"

namespace mqz::commands {
namespace {

constexpr Option json_option{
    .name = "json", .group = "output", .doc = "one JSON object per line", .scope = Scope::nowhere};
constexpr Option json_options[] = {json_option};
constexpr Option repair_options[] = {
    {.name = "accept-loss",
     .group = "repair",
     .doc = "repair it, though what cannot be read is lost; without it nothing is changed",
     .scope = Scope::nowhere},
};
constexpr OptionTable json_tables[] = {json_options, general_options};
constexpr OptionTable repair_tables[] = {repair_options, general_options};
constexpr OptionTable plain_tables[] = {general_options};
constexpr Operand store_operands[] = {
    {.name = "DIR",
     .doc = "as in mqz broker --store DIR; its broker is not running",
     .required = true}};

constexpr ExitRow exits[] = {
    {Exit::bad_input, "the store is damaged, or a newer mqz wrote it"},
    {Exit::unreadable, "there is no store, or it (or --config) cannot be read"},
    {Exit::io, "the store or standard output cannot be written"},
    {Exit::conflict, "a broker has the store open"},
};

// ---- What several verbs do. ----

Checked<std::string> store_of(const Parsed& parsed) {
  return readable_store(os::real_disk(), parsed.operands().front());
}

Checked<StoreCheck> check(const Parsed& parsed) {
  const auto directory = store_of(parsed);
  if (!directory) return tl::unexpected(directory.error());
  auto checked = check_store(os::real_disk(), *directory, os::read_clocks());
  if (!checked) return tl::unexpected(stop_for_store(checked.error(), *directory));
  return *std::move(checked);
}

Stop stop_for_damage(const StoreCheck& checked) {
  return stop_for_store({ErrorCode::corrupt, first_damage(checked)}, checked.directory);
}

// ---- verify ----

int run_verify(const Parsed& parsed) {
  const auto checked = check(parsed);
  if (!checked) return report(parsed.path(), checked.error());
  const int printed = print(parsed.flag("json") ? describe_json(*checked) : describe(*checked));
  if (!checked->is_sound()) return report(parsed.path(), stop_for_damage(*checked));
  return printed;
}

constexpr Example verify_examples[] = {
    {.line = "mqz broker store verify /var/lib/mqz", .doc = "0: sound, 65: damaged, and where"}};
constexpr Command verify_command{.name = "verify",
                                 .summary = "is a store sound, and what is in its files?",
                                 .usage = "[--json] DIR",
                                 .examples = verify_examples,
                                 .tables = json_tables,
                                 .operands = store_operands,
                                 .run = run_verify,
                                 .exits = exits};

// ---- dump ----

class Dumper final : public broker::WalkVisitor {
 public:
  Dumper(Now now, RecordForm form) : now_(now), form_(form) {}

  Result<void> on_object(const broker::WalkedObject& walked) override {
    append_object(text_, walked, ledger_, now_, form_);
    if (walked.object != nullptr) ledger_.note(*walked.object, walked.entry.stamp);
    return write_if(flush_bytes);
  }
  Result<void> on_unreadable(const broker::UnreadableMessage& message) override {
    return on_object({message.entry, &message.unread.error, nullptr});
  }
  Result<void> on_record(const broker::WalkedRecord& walked) override {
    append_record(text_, walked, ledger_, now_, form_);
    if (walked.record != nullptr) ledger_.note(*walked.record);
    return write_if(flush_bytes);
  }
  Result<void> on_lost(storage::Position first, storage::Position end, bool given_up) override {
    append_lost(text_, first, end, given_up, form_);
    return write_if(flush_bytes);
  }
  Result<void> finish() { return write_if(0); }

 private:
  static constexpr std::size_t flush_bytes = 64U << 10U;

  Result<void> write_if(std::size_t least) {
    if (text_.size() < least) return {};
    const int printed = print(text_);
    text_.clear();
    if (printed != 0) return fail(ErrorCode::io, "standard output cannot be written");
    return {};
  }

  Now now_;
  RecordForm form_;
  broker::SessionLedger ledger_{};
  std::string text_{};
};

int run_dump(const Parsed& parsed) {
  const auto directory = store_of(parsed);
  if (!directory) return report(parsed.path(), directory.error());
  const Now now = os::read_clocks();
  Dumper dumper(now, parsed.flag("json") ? RecordForm::json : RecordForm::text);
  broker::StoreWalk walk(dumper, now, os::real_disk(), *directory);
  const auto summary = storage::dump_store(os::real_disk(), *directory, &walk, &walk);
  if (!summary) return report(parsed.path(), stop_for_store(summary.error(), *directory));
  if (auto written = dumper.finish(); !written)
    return report(parsed.path(), stop_for(written.error()));
  const StoreCheck checked{.directory = *directory, .summary = *summary};
  if (!checked.is_sound()) return report(parsed.path(), stop_for_damage(checked));
  return static_cast<int>(Exit::done);
}

constexpr Example dump_examples[] = {
    {.line = "mqz broker store dump --json /var/lib/mqz", .doc = "every record, for jq"}};
constexpr std::string_view dump_notes =
    "First what the newest snapshot has, with the position up to which it holds; then a line per\n"
    "record behind its beginning, in the order of the journal: its position, its type, the number\n"
    "of its session and the client, then its fields. Of records --json loses nothing: payloads\n"
    "stand as in mqz sub --json. Damaged parts are passed over, and end it with status 65.";
constexpr Command dump_command{
    .name = "dump",
    .summary = "the newest snapshot and every record behind it that can be read",
    .usage = "[--json] DIR",
    .examples = dump_examples,
    .tables = json_tables,
    .operands = store_operands,
    .run = run_dump,
    .notes = dump_notes,
    .exits = exits};

// ---- repair ----

std::string describe_loss(const StoreCheck& checked, const storage::RepairReport& repaired,
                          const std::string& gone) {
  std::string text;
  for (const std::string& done : repaired.done) text += fmt::format("repaired: {}\n", done);
  for (const storage::LostRange& lost : repaired.lost) text += storage::text_of(lost) + "\n";
  text += gone;
  if (repaired.lost_of_snapshot > 0)
    return text + "of the snapshot is lost what is listed, unless the journal still says it\n";
  if (repaired.lost.empty() && gone.empty()) {
    return text + (checked.unreadable.empty() ? "nothing that was readable before is lost\n"
                                              : "the messages above are lost, and nothing else\n");
  }
  for (const auto& [client, filters] : checked.touched) {
    text += fmt::format("client {} may lack messages{}", client, filters.empty() ? "" : " of:");
    for (const std::string& filter : filters) text += " " + filter;
    text += "\n";
  }
  return text;
}

int run_repair(const Parsed& parsed) {
  const auto checked = check(parsed);
  if (!checked) return report(parsed.path(), checked.error());
  if (int printed = print(describe(*checked)); printed != 0 || checked->is_sound()) return printed;
  const ToldLoss told = describe_lost(os::real_disk(), *checked, os::read_clocks());
  if (const int printed = print(told.text); printed != 0) return printed;
  if (!parsed.flag("accept-loss")) {
    Stop refused = stop_for_damage(*checked);
    refused.text = "nothing was changed: repairing gives up what is damaged";
    return report(parsed.path(), refused);
  }
  const auto repaired = storage::repair_store(os::real_disk(), checked->directory);
  if (!repaired) return report(parsed.path(), stop_for_store(repaired.error(), checked->directory));
  if (auto accepted = storage::accept_loss(os::real_disk(), checked->directory); !accepted)
    return report(parsed.path(), stop_for_store(accepted.error(), checked->directory));
  Result<std::string> gone{};
  if (repaired->lost_of_snapshot > 0 || !repaired->lost.empty())
    gone = describe_gone(os::real_disk(), checked->directory, told.sessions, os::read_clocks());
  if (!gone) return report(parsed.path(), stop_for_store(gone.error(), checked->directory));
  return print(describe_loss(*checked, *repaired, *gone));
}

constexpr Example repair_examples[] = {
    {.line = "mqz broker store repair /var/lib/mqz", .doc = "what would it do?"},
    {.line = "mqz broker store repair --accept-loss /var/lib/mqz", .doc = "do it"}};
constexpr std::string_view repair_notes =
    "Everything that can be read is kept; bytes that are taken out of the way go to lost/ in the\n"
    "store, as they were. What is lost is told by topic and client as far as its bytes still\n"
    "read, and by position; the clients listed last are those whose sessions were there then.\n"
    "Of a snapshot the damaged parts are lost, unless the journal still goes back as far: the\n"
    "sessions in them are named where anything still names them, and what the journal says of\n"
    "them is counted, since a broker passes over it. It then passes over damaged messages of\n"
    "queues, too, in those segments of the journal that are there now, and logs them; damage of\n"
    "later ones is not accepted by this.";
constexpr Command repair_command_row{.name = "repair",
                                     .summary = "make a damaged store one that opens",
                                     .usage = "[--accept-loss] DIR",
                                     .examples = repair_examples,
                                     .tables = repair_tables,
                                     .operands = store_operands,
                                     .run = run_repair,
                                     .notes = repair_notes,
                                     .exits = exits};

// ---- compact and upgrade ----

int run_compact(const Parsed& parsed) {
  const auto checked = check(parsed);
  if (!checked) return report(parsed.path(), checked.error());
  if (!checked->is_sound()) return report(parsed.path(), stop_for_damage(*checked));
  const auto& segments = checked->summary.segments;
  if (segments.size() == 1) {
    return print(
        fmt::format("{}: sound; nothing to do: it has one segment, in which the journal goes on\n",
                    checked->directory));
  }
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const auto shards = std::min<unsigned>(cores, broker::shards_max);
  const auto done = broker::compact_store(os::real_disk(), checked->directory,
                                          static_cast<broker::ShardIndex>(shards));
  if (!done) return report(parsed.path(), stop_for_store(done.error(), checked->directory));
  return print(fmt::format(
      "{}: sound; its state is a snapshot of {} bytes; {} of {} segments removed, {} bytes; the "
      "last stays, since the journal goes on in it\n",
      checked->directory, done->snapshot_bytes, done->removed_segments, segments.size(),
      done->removed_bytes));
}

constexpr Example compact_examples[] = {
    {.line = "mqz broker store compact /var/lib/mqz", .doc = "before it is copied"}};
constexpr std::string_view compact_notes =
    "The state is written as a snapshot, and the segments of the journal that are older are\n"
    "removed, but for the one in which it goes on, and those that long queues have many of their\n"
    "messages in. A broker does the same while it runs, whenever\n"
    "its journal has grown by 64 MB, or by the size of the last snapshot if that is more.";
constexpr Command compact_command{.name = "compact",
                                  .summary = "make a store as short as it can be",
                                  .usage = "DIR",
                                  .examples = compact_examples,
                                  .tables = plain_tables,
                                  .operands = store_operands,
                                  .run = run_compact,
                                  .notes = compact_notes,
                                  .exits = exits};

int run_upgrade(const Parsed& parsed) {
  const auto checked = check(parsed);
  if (!checked) return report(parsed.path(), checked.error());
  if (!checked->is_sound()) return report(parsed.path(), stop_for_damage(*checked));
  return print(
      fmt::format("{}: sound, format {}, the only one this program writes; nothing to "
                  "upgrade\n",
                  checked->directory, storage::store_format));
}

constexpr Example upgrade_examples[] = {
    {.line = "mqz broker store upgrade /var/lib/mqz", .doc = "is it of the present format?"}};
constexpr Command upgrade_command{.name = "upgrade",
                                  .summary = "bring a store to the present format",
                                  .usage = "DIR",
                                  .examples = upgrade_examples,
                                  .tables = plain_tables,
                                  .operands = store_operands,
                                  .run = run_upgrade,
                                  .exits = exits};

// ---- store ----

int run_store(const Parsed& parsed) {
  say(full_help(parsed.command(), parsed.path()));
  return report(parsed.path(), Stop{Exit::usage, "it needs a verb"});
}

constexpr const Command* store_verbs[] = {&verify_command, &dump_command, &compact_command,
                                          &repair_command_row, &upgrade_command};
constexpr Example store_examples[] = {
    {.line = "mqz broker store verify /var/lib/mqz", .doc = "is it sound?"}};
constexpr std::string_view store_notes =
    "DIR is that of mqz broker --store DIR, whose broker/ the store is. None of these runs beside\n"
    "a broker that has the store open.";

}  // namespace

constinit const Command broker_store_command{.name = "store",
                                             .summary = "look at a broker's store, or repair it",
                                             .usage = "VERB DIR",
                                             .examples = store_examples,
                                             .tables = plain_tables,
                                             .verbs = store_verbs,
                                             .run = run_store,
                                             .notes = store_notes,
                                             .exits = exits};

}  // namespace mqz::commands
