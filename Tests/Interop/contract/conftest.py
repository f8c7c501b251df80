"""One gateway for all rows that need tokens, and one for those whose documents know none; with either engine."""

import contextlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from gateway import Gateway  # noqa: E402
from postgres import Postgres  # noqa: E402
from shapes import Service  # noqa: E402


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def make_database(request):
    """Answers what a gateway's environment says of its database, each time another."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Postgres()) if request.param == "postgres" else None
        yield lambda: {"DATABASE_URL": server.make_database()} if server else {}


@pytest.fixture(scope="session")
def service(make_database):
    """Documents 000 and 002: everybody has a token."""
    with Gateway(
        JWT_SECRET="contract-secret", TZ="Europe/Moscow", CONFERENCE_ROOMS="8000:team", **make_database()
    ) as running:
        yield Service(running, login="admin")


@pytest.fixture(scope="session")
def open_service(make_database):
    """Documents 003 and 004 on a trusted network: nobody has one."""
    users = "operator1:pass123:1003:Иванов И.И."
    with Gateway(AUTH_MODE="off", SIP_USERS=users, **make_database()) as running:
        yield Service(running, login=None)
