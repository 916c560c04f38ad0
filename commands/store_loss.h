// What a repair will give up, as far as damaged bytes still tell it.
#pragma once

#include <string>

#include "commands/store_check.h"
#include "commands/store_gone.h"
#include "lib/os/disk.h"

namespace mqz::commands {

struct ToldLoss {
  // A line per record in the damaged entries of the journal, and per object in damaged parts of a
  // snapshot. A record whose own sum is right is told as it is; another one as what it seems to be,
  // if it reads at all, else only its position. What stands behind the first damaged entry of a
  // range is not looked for.
  std::string text{};
  // That the store tells of, damaged as it is.
  KnownSessions sessions{};
};

ToldLoss describe_lost(os::Disk& disk, const StoreCheck& check, Now now);

}  // namespace mqz::commands
