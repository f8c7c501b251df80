#pragma once
#include <sqlite3.h>

/// SQLITE_TRANSIENT is a cast macro that Swift cannot import.
static inline sqlite3_destructor_type tandem_sqlite_transient(void) { return SQLITE_TRANSIENT; }

/// Settings of the whole process, which take effect only before SQLite's first use (sqlite3_config is variadic, so Swift
/// cannot call it).
///
/// Before it changes a page, a statement keeps the old one in a journal of its own, past 64 KiB in a file. A call's row with
/// its indexes and sums is just beyond that, so each call wrote twelve pages more than it had to. Nor does anybody read
/// SQLite's account of its memory, which costs a lock at each allocation.
static inline int tandem_sqlite_configure(void) {
    int journal = sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, 4 << 20);
    int account = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return journal != SQLITE_OK ? journal : account;
}
