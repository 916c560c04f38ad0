// The descriptors that a process may have, of which connections do not take the last ones.
#pragma once

namespace mqz::os {

// A new descriptor is the lowest number that is free, so its number says how many are left.
class DescriptorRoom {
 public:
  // Of as many as the process may have now.
  DescriptorRoom();
  explicit DescriptorRoom(int limit);

  // All below what is kept for other things (the store's files) are in use, once this one is there.
  bool is_last(int fd) const { return fd + 1 >= most_; }
  // Another one would not be of those that are kept. A system call or two.
  bool has_room() const;

 private:
  int most_;
};

}  // namespace mqz::os
