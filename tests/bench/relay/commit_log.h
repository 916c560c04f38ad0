// The floor of durability: what is appended gathers while a thread of its own writes and syncs what
// gathered before: one write and one fdatasync for each batch. Nothing is framed, checked or read
// again.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace mqz::bench {

class CommitLog {
 public:
  // Creates the file, with room allocated; written round and round. A failure ends the program.
  explicit CommitLog(const std::string& path);
  ~CommitLog();
  CommitLog(const CommitLog&) = delete;
  CommitLog& operator=(const CommitLog&) = delete;

  void append(std::string_view record);
  // How many of the appended records are on the disk. Readable on fd() after every batch.
  std::uint64_t take_committed();
  int fd() const { return event_; }

 private:
  void commit_batches();

  int file_;
  int event_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::string gathered_;        // guarded by mutex_, as all below
  std::uint64_t appended_ = 0;  // records
  std::uint64_t committed_ = 0;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace mqz::bench
