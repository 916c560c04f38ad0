// The flags of `mqz sub`. Letters and meanings are those of mosquitto_sub where it has them.
#pragma once

#include "commands/options.h"

namespace mqz::commands {

inline constexpr Option sub_options[] = {
    {.name = "topic", .letter = 't', .value = "FILTER", .type = ValueType::text, .group = "subscription",
     .doc = "what to receive; + and # are wildcards; may be repeated", .fallback = "/Testing",
     .repeatable = true},
    {.name = "qos", .letter = 'q', .value = "QOS", .type = ValueType::choice, .group = "subscription",
     .doc = "quality of service at most", .fallback = "0", .choices = "0|1|2"},
    {.name = "group", .value = "NAME", .type = ValueType::text, .group = "subscription",
     .doc = "share the messages with the others of this group"},
    {.name = "filter-out", .letter = 'T', .value = "FILTER", .type = ValueType::text,
     .group = "subscription", .doc = "leave out topics that match; may be repeated",
     .repeatable = true},
    {.name = "unsubscribe", .letter = 'U', .value = "FILTER", .type = ValueType::text,
     .group = "subscription", .doc = "end this subscription of a kept session; may be repeated",
     .repeatable = true},
    {.name = "no-retained", .letter = 'R', .group = "subscription",
     .doc = "leave out what was retained before"},
    {.name = "retained-only", .group = "subscription",
     .doc = "only what was retained; end at the first message that was not"},
    {.name = "remove-retained", .group = "subscription",
     .doc = "clear every retained message that arrives"},
    {.name = "dry-run", .group = "subscription", .doc = "with --remove-retained: clear nothing"},
    {.name = "retain-as-published", .group = "subscription",
     .doc = "see the retain flag as the publisher set it (MQTT 5)"},
    {.name = "retain-handling", .value = "0|1|2", .type = ValueType::choice,
     .group = "subscription", .doc = "send retained messages: 0 always, 1 if new, 2 never (MQTT 5)",
     .choices = "0|1|2"},
    {.name = "no-local", .group = "subscription", .doc = "not what this client publishes (MQTT 5)"},
    {.name = "random-filter", .value = "PERCENT", .type = ValueType::text, .group = "subscription",
     .doc = "only so many of the messages, by chance", .aliases = "sample"},
    {.name = "verbose", .letter = 'v', .group = "output", .doc = "topic and payload"},
    {.name = "format", .letter = 'F', .value = "FORMAT", .type = ValueType::text, .group = "output",
     .doc = "in mosquitto_sub's format language: '%I %t %p'"},
    {.name = "json", .group = "output", .doc = "a JSON object per line; mqz pub --json reads it"},
    {.name = "pretty", .group = "output", .doc = "JSON over several lines"},
    {.name = "hex", .group = "output", .doc = "payloads in hexadecimal"},
    {.name = "base64", .group = "output", .doc = "payloads in base64"},
    {.name = "null", .letter = '0', .group = "output", .doc = "NUL after each message, not newline"},
    {.name = "no-eol", .letter = 'N', .group = "output", .doc = "nothing after each message"},
    {.name = "count", .letter = 'C', .value = "N", .type = ValueType::integer, .group = "end",
     .doc = "end after so many messages", .min = 1},
    {.name = "one", .group = "end",
     .doc = "one message: its payload on stdout, its topic on stderr"},
    {.name = "timeout", .letter = 'W', .value = "DURATION", .type = ValueType::duration,
     .group = "end", .doc = "end after so long, with status 27"},
    {.name = "idle", .value = "DURATION", .type = ValueType::duration, .group = "end",
     .doc = "end when nothing came for so long"},
    {.name = "exit-after-sub", .letter = 'E', .group = "end",
     .doc = "end when the subscriptions are acknowledged"},
};

}  // namespace mqz::commands
