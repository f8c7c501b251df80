"""What is written down about a call, as the store has it."""

from gateway import wait_for


def stored(gateway, uuid):
    """The row of a call; None before it is written."""
    return next(iter(gateway.stored("SELECT * FROM calls WHERE uuid = ?", uuid)), None)


def newest_call(gateway):
    """The call made last, live or ended."""
    return wait_for(lambda: gateway.calls(limit=1), 5, "a call")[0]


def wait_ended(gateway, uuid, seconds=10):
    """The stored row of a call once it is closed."""
    def closed():
        row = stored(gateway, uuid)
        return row if row and row["ended_at"] else None
    return wait_for(closed, seconds, f"call {uuid} to be closed")
