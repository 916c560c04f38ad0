// The thread that commits what is appended to a journal. When it is destroyed, everything appended
// before is committed, synced and marked, unless the disk has failed or is full.
#pragma once

#include <thread>

#include "lib/storage/journal.h"

namespace mqz::storage {

class CommitThread {
 public:
  explicit CommitThread(Journal& journal);
  CommitThread(const CommitThread&) = delete;
  CommitThread& operator=(const CommitThread&) = delete;
  ~CommitThread();

 private:
  Journal& journal_;
  std::thread thread_;
};

}  // namespace mqz::storage
