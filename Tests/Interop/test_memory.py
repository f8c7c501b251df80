"""Memory that nobody needs any more goes back to the system."""

import pytest
from gateway import wait_for

MEBIBYTE = 1 << 20


@pytest.mark.long
def test_what_a_login_took_is_given_back(gateway):
    """A password's key is derived in 16 MiB (scrypt), which nothing else needs."""
    def resident():
        return gateway.metric("process_resident_memory_bytes")

    gateway.login()
    high = resident()
    wait_for(lambda: resident() < high - 12 * MEBIBYTE, 40, "the memory of a login to be given back")
