#include "commands/echo_check.h"

#include <functional>
#include <string_view>

namespace mqz::commands {
namespace {

std::size_t hash_of(const mqtt::Publish& message) {
  const std::hash<std::string_view> hash;
  return hash(message.topic) * 31 + hash(as_text(message.payload));
}

}  // namespace

void EchoCheck::expect(const mqtt::Publish& message, MonoTime now) {
  ++open_[hash_of(message)];
  ++missing_;
  progress_at_ = now;
}

void EchoCheck::arrived(const mqtt::Publish& message, MonoTime now) {
  if (message.retain) return;  // was there before
  const auto found = open_.find(hash_of(message));
  if (found == open_.end()) return;  // somebody else's
  if (--found->second == 0) open_.erase(found);
  --missing_;
  progress_at_ = now;
}

}  // namespace mqz::commands
