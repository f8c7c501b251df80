"""One gateway for all rows that need tokens, and one for those whose documents know none; with either engine. The rows of
events have another one whose events pass through Redis.
"""

import contextlib
import sys
import threading
from pathlib import Path

import pytest
import websockets
from websockets.sync.client import connect

sys.path.insert(0, str(Path(__file__).parent))

from gateway import Gateway  # noqa: E402
from postgres import Postgres  # noqa: E402
from redisserver import Redis  # noqa: E402
from shapes import Service  # noqa: E402
from world import World  # noqa: E402


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def make_database(request):
    """Answers what a gateway's environment says of its database, each time another."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Postgres()) if request.param == "postgres" else None
        yield lambda: {"DATABASE_URL": server.make_database()} if server else {}


@pytest.fixture(scope="session")
def world():
    """The machines that the documents' environments name: one of each for all documents, each of which has its database."""
    with World() as machines:
        yield machines


@contextlib.contextmanager
def running(make_database, **environment):
    """Documents 000 and 002: everybody has a token."""
    with Gateway(
        JWT_SECRET="contract-secret", TZ="Europe/Moscow", CONFERENCE_ROOMS="8000:team", **make_database(), **environment
    ) as gateway:
        yield Service(gateway, login="admin")


@contextlib.contextmanager
def resting(gateway):
    """A stranger's socket that only answers pings while everything else happens, and the packets that it heard."""
    packets = []
    with connect(gateway.url("/socket.io/?EIO=4&transport=websocket").replace("http", "ws")) as socket:
        def read():
            with contextlib.suppress(websockets.ConnectionClosed):
                for packet in socket:
                    packets.append(packet)
                    if packet.startswith("2"):
                        socket.send("3" + packet[1:])

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        socket.send("40")
        yield socket, packets
        socket.close()
        reader.join(5)


@pytest.fixture(scope="session")
def service_alone(make_database):
    with running(make_database) as service, resting(service.gateway) as service.resting:
        yield service


@pytest.fixture(scope="session")
def service_with_redis(make_database):
    with Redis() as redis, running(make_database, REDIS_URL=redis.url) as service:
        yield service


@pytest.fixture(scope="session")
def service(service_alone):
    return service_alone


@pytest.fixture(params=["alone", "redis"])
def event_service(request, service_alone, service_with_redis):
    """The gateway of the rows of events: alone, and as a node that meets others in Redis."""
    return service_alone if request.param == "alone" else service_with_redis


@pytest.fixture(scope="session")
def open_service(make_database):
    """Documents 003 and 004 on a trusted network: nobody has one."""
    users = "operator1:pass123:1003:Иванов И.И."
    with Gateway(AUTH_MODE="off", SIP_USERS=users, **make_database()) as running:
        yield Service(running, login=None)
