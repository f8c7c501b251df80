"""Memory that nobody needs any more goes back to the system."""

from gateway import wait_for

MEBIBYTE = 1 << 20


def test_what_a_login_took_is_given_back(gateway):
    """A password's key is derived in 16 MiB (scrypt), which nothing else needs."""
    gateway.login()
    high = gateway.metric("process_resident_memory_bytes")

    def is_given_back():
        return gateway.metric("process_resident_memory_bytes") < high - 12 * MEBIBYTE

    assert not is_given_back()
    wait_for(is_given_back, 40, "the memory of a login to be given back")
