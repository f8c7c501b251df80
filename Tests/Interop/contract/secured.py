"""The gateway of the security tests, and what they all ask of it afterwards."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

from gateway import Gateway
from shapes import Service

SECRET = "0123456789abcdef-of-the-security-tests"
# Nothing else has this number: it is looked for in the logs.
NUMBER = "79161230987"
SIP_SECRET = "sip-secret-kx81"


@contextlib.contextmanager
def secured():
    """A gateway where everybody needs a token, that logs all it can."""
    environment = {"JWT_SECRET": SECRET, "AUTH_MODE": "required", "LOG_LEVEL": "trace", "LOG_DIR": "logs"}
    with Gateway(**environment, SIP_USERS=f"desk:{SIP_SECRET}:1003:Desk") as running:
        yield Service(running, login="admin")


@contextlib.contextmanager
def unharmed(service):
    """Whatever comes inside, the program answers at once afterwards, and its store is whole."""
    tables = table_names(service)
    yield
    began = time.monotonic()
    assert service.raw("GET", "/health/ready").status_code == 200
    assert time.monotonic() - began < 1
    assert table_names(service) == tables


def table_names(service):
    return [row["name"] for row in service.gateway.stored("SELECT name FROM sqlite_master ORDER BY name")]


def together(act, things):
    """What `act` answers for each thing, in their order: at once, since who is refused has two seconds to read why."""
    things = list(things)
    with ThreadPoolExecutor(max(1, len(things))) as pool:
        return list(pool.map(act, things))
