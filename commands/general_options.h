// The flags that every command has.
#pragma once

#include "commands/options.h"

namespace mqz::commands {

inline constexpr Option general_options[] = {
    {.name = "config",
     .value = "FILE",
     .type = ValueType::file,
     .group = "general",
     .doc = "settings to use instead of $XDG_CONFIG_HOME/mqz/config.toml or /etc/mqz/config.toml",
     .scope = Scope::environment},
    {.name = "profile",
     .value = "NAME",
     .type = ValueType::text,
     .group = "general",
     .doc = "use the settings of [profile.NAME]",
     .scope = Scope::environment},
    {.name = "quiet",
     .group = "general",
     .doc = "no notes and no progress; errors stay",
     .scope = Scope::shared},
    {.name = "debug",
     .letter = 'd',
     .group = "general",
     .doc = "say on stderr what happens",
     .scope = Scope::shared},
    {.name = "color",
     .value = "WHEN",
     .type = ValueType::choice,
     .group = "general",
     .doc = "colour on terminals; NO_COLOR counts too",
     .fallback = "auto",
     .scope = Scope::shared,
     .choices = "auto|always|never"},
    {.name = "help",
     .letter = 'h',
     .group = "general",
     .doc = "show this",
     .scope = Scope::nowhere},
    {.name = "version", .group = "general", .doc = "show the version", .scope = Scope::nowhere},
};

}  // namespace mqz::commands
