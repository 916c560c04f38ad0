// The flags of `mqz broker`.
#pragma once

#include "commands/options.h"
#include "lib/broker/shard.h"

namespace mqz::commands {

inline constexpr Option broker_options[] = {
    {.name = "config-file",
     .letter = 'c',
     .value = "FILE",
     .type = ValueType::file,
     .group = "broker",
     .doc = "settings in the words of mosquitto.conf; without it 127.0.0.1:1883 and [::1]:1883",
     .scope = Scope::command},
    {.name = "port",
     .letter = 'p',
     .value = "PORT",
     .type = ValueType::integer,
     .group = "broker",
     .doc = "listen here instead of 1883, on 127.0.0.1 and [::1]; not with --config-file; 0: any "
            "free port",
     .scope = Scope::command,
     .min = 0,
     .max = 65535},
    {.name = "threads",
     .value = "N",
     .type = ValueType::integer,
     .group = "broker",
     .doc = "shards, each with a thread of its own; by default one per core",
     .scope = Scope::command,
     .min = 1,
     .max = broker::shards_max},
    {.name = "placement",
     .value = "HOW",
     .type = ValueType::choice,
     .group = "broker",
     .doc = "how clients are spread over the shards: pack uses no more than the load needs",
     .fallback = "pack",
     .scope = Scope::command,
     .choices = "pack|spread"},
    {.name = "store",
     .value = "DIR",
     .type = ValueType::text,
     .group = "broker",
     .doc = "keep sessions, queues and retained messages in broker/ of this directory; none: in "
            "memory only; by default the user's or the service's place for state, as below",
     .scope = Scope::command},
    {.name = "durability",
     .value = "WHEN",
     .type = ValueType::text,
     .group = "broker",
     .doc = "when a kept message is acknowledged: sync (it is on the disk), interval:50ms (it is "
            "written, and on the disk at most that much later), none (it is written)",
     .fallback = "sync",
     .scope = Scope::command},
    {.name = "store-snapshot-bytes",  // of tests: snapshots without much to write
     .value = "BYTES",
     .type = ValueType::integer,
     .group = "broker",
     .doc = "take a snapshot when the journal has grown by this much",
     .scope = Scope::command,
     .hidden = true},
    {.name = "check-config",
     .group = "broker",
     .doc = "read the file, say what is wrong with it or cannot be used on this machine, and end",
     .scope = Scope::command},
};

}  // namespace mqz::commands
