"""One gateway for all rows that need tokens, and one for those whose documents know none."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from gateway import Gateway  # noqa: E402
from shapes import Service  # noqa: E402


@pytest.fixture(scope="session")
def service():
    """Documents 000 and 002: everybody has a token."""
    with Gateway(JWT_SECRET="contract-secret", TZ="Europe/Moscow") as running:
        yield Service(running, login="admin")


@pytest.fixture(scope="session")
def open_service():
    """Documents 003 and 004 on a trusted network: nobody has one."""
    with Gateway(AUTH_MODE="off", SIP_USERS="operator1:pass123:1003:Иванов И.И.") as running:
        yield Service(running, login=None)
