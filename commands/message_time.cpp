#include "commands/message_time.h"

#include <array>
#include <cstdio>

namespace mqz::commands {
namespace {

// Messages come in bursts: the broken-down second is kept.
const std::tm& local_time(std::time_t second) {
  thread_local std::time_t kept_second = -1;
  thread_local std::tm kept{};
  if (second != kept_second) {
    ::localtime_r(&second, &kept);
    kept_second = second;
  }
  return kept;
}

void append_formatted(std::string& to, const char* format, const std::tm& time) {
  std::array<char, 128> room{};
  to.append(room.data(), std::strftime(room.data(), room.size(), format, &time));
}

}  // namespace

void append_time(std::string& to, const std::timespec& at, TimeForm form) {
  const std::tm& time = local_time(at.tv_sec);
  append_formatted(to, "%Y-%m-%dT%H:%M:%S", time);
  if (form == TimeForm::iso8601) return append_formatted(to, "%z", time);
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%06ld", at.tv_nsec / 1000);
  to.append(fraction.data());
  if (form == TimeForm::mosquitto) {
    to.push_back('Z');
    return append_formatted(to, "%z", time);
  }
  if (time.tm_gmtoff == 0) {
    to.push_back('Z');
    return;
  }
  append_formatted(to, "%z", time);
  to.insert(to.size() - 2, 1, ':');
}

void append_strftime(std::string& to, const std::timespec& at, char letter) {
  const std::array<char, 3> format{'%', letter, '\0'};
  append_formatted(to, format.data(), local_time(at.tv_sec));
}

}  // namespace mqz::commands
