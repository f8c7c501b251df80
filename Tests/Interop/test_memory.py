"""Memory that nobody needs any more goes back to the system."""

import time

from gateway import wait_for

MEBIBYTE = 1 << 20


def test_what_a_login_took_is_given_back(gateway):
    """A password's key is derived in 16 MiB (scrypt), which nothing else needs."""
    def resident():
        return gateway.metric("process_resident_memory_bytes")

    gateway.login()
    time.sleep(0.3)  # Figures of the process are up to 0.2 s old.
    high = resident()
    wait_for(lambda: resident() < high - 12 * MEBIBYTE, 40, "the memory of a login to be given back")
