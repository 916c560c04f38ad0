#include "lib/storage/commit_thread.h"

#include "lib/os/clock.h"

namespace mqz::storage {

namespace {

void run(Journal& journal) {
  MonoTime next{};
  do {
    next = journal.step(os::read_mono());
  } while (journal.wait(next));
  journal.finish(os::read_mono());
}

}  // namespace

CommitThread::CommitThread(Journal& journal)
    : journal_(journal), thread_([&journal] { run(journal); }) {}

CommitThread::~CommitThread() {
  journal_.end_waiting();
  thread_.join();
}

}  // namespace mqz::storage
