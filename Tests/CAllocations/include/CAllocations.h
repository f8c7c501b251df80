#pragma once
#include <stdint.h>

/// Counts, from now on, what threads whose name begins with `prefix` (at most 15 bytes) allocate.
void allocations_watch(const char *prefix);

/// Stops counting and returns how many allocations there were.
uint64_t allocations_stop(void);

/// Whether counting works in this build; sanitizers bring an allocator of their own.
int allocations_are_counted(void);
