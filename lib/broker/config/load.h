// Reads a configuration file in mosquitto.conf's form, and the files of its include_dir.
//
// A line is a word and its value; a line that begins with # is a comment. `listener` begins a
// section: the listener words below it are that listener's. All errors of a file are found in one
// reading (up to error_max).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/broker/config/config.h"
#include "lib/broker/config/findings.h"
#include "lib/os/files.h"

namespace mqz::broker {

inline constexpr std::size_t error_max = 50;

struct LoadedConfig {
  Config config{};                  // only to be used without errors
  std::vector<Finding> findings{};  // in the order of the lines
  bool is_unreadable = false;       // there is an error: the file itself cannot be read
  bool has_errors() const;
};

// The broker without a configuration file: 127.0.0.1 and ::1, port 1883, anyone on this machine.
Config default_config();

LoadedConfig load_config(const std::string& path, const os::TextFiles& files);

}  // namespace mqz::broker
