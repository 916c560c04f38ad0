// What this process takes of the machine's memory.
#pragma once

#include <cstddef>

namespace mqz::os {

// Bytes that are resident now; 0 when the system does not say. Costs some microseconds.
std::size_t resident_bytes();

// Gives freed memory back to the system. Costs milliseconds where there is much of it.
void return_freed_memory();

}  // namespace mqz::os
