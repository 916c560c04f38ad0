// The table of commands is commands/table.cpp.
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "commands/dispatch.h"
#include "commands/exit_codes.h"

int main(int argc, char** argv) {
  try {
    return mqz::commands::dispatch(argc, argv, environ);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mqz: %s; this is a bug, please report it\n", error.what());
  }
  return static_cast<int>(mqz::commands::Exit::bug);
}
