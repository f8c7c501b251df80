"""The gateway as a service of systemd: what it says of itself by sd_notify, to a socket that stands for systemd's."""

import asyncio
import contextlib
import queue
import signal
import socket
import threading
import time
import uuid

import pytest
from gateway import Gateway, free_port
from peers import Peer, PlainSocket, join


class ServiceManager:
    """The socket that systemd would listen on; `address` is what the variable says."""

    def __init__(self, address):
        self.address, self.messages = address, queue.Queue()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        with contextlib.suppress(OSError):
            while True:
                self.messages.put(self.socket.recv(4096).decode())

    def wait(self, text, seconds=15):
        """The next message that has a line; those before it are passed over."""
        end = time.monotonic() + seconds
        while True:
            try:
                message = self.messages.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {text} in {seconds} s") from None
            if any(line.startswith(text) for line in message.split("\n")):
                return message

    def forget(self):
        """What has come so far is not looked at."""
        with contextlib.suppress(queue.Empty):
            while True:
                self.messages.get_nowait()

    def close(self):
        self.socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    listening = ServiceManager(str(tmp_path / "notify") if request.param == "path" else f"@tandem-{uuid.uuid4().hex}")
    yield listening
    listening.close()


@contextlib.contextmanager
def service(manager, **environment):
    gateway = Gateway(NOTIFY_SOCKET=manager.address, AUTH_MODE="off", **environment)
    try:
        gateway.launch()
        yield gateway
    finally:
        if gateway.process is not None:
            gateway.kill()
        gateway.remove_folder()


def test_a_service_says_when_it_is_ready_reloads_and_ends(manager):
    with service(manager, WATCHDOG_USEC=1_000_000, DRAIN_TIMEOUT_MS=20_000) as gateway:
        manager.wait("READY=1")
        assert gateway._ready(), "ready was said before calls are taken"
        gateway.wait_until_ready()
        assert "STATUS=taking calls, now: 0" in manager.wait("STATUS=")
        # Each half of its time, or sooner.
        manager.forget()
        manager.wait("WATCHDOG=1", 1)
        began = time.monotonic()
        for _ in range(4):
            manager.wait("WATCHDOG=1", 1)
        assert time.monotonic() - began > 0.9, "more often than is of use"
        gateway.signal(signal.SIGHUP)
        reloading = manager.wait("RELOADING=1")
        told = int(reloading.split("MONOTONIC_USEC=")[1])
        assert abs(told / 1e6 - time.monotonic()) < 5
        manager.wait("READY=1")

        async def talk():
            async with PlainSocket(gateway) as client, Peer() as peer:
                await join(client, peer, gateway.make_call("echo")["id"])
                await asyncio.to_thread(manager.wait, "STATUS=taking calls, now: 1")
                gateway.signal(signal.SIGTERM)
                stopping = await asyncio.to_thread(manager.wait, "STOPPING=1")
                # The drain, the ends of calls, and the end of the program.
                assert "EXTEND_TIMEOUT_USEC=45000000" in stopping
                await asyncio.to_thread(manager.wait, "STATUS=stopping, calls left: 1")
                await asyncio.to_thread(manager.wait, "WATCHDOG=1")
                await client.emit("leave-call", {})

        asyncio.run(talk())
        assert gateway.wait(15) == 0
        gateway.process = None


def test_a_watchdog_of_another_process_is_not_ours(tmp_path):
    manager = ServiceManager(str(tmp_path / "notify"))
    with service(manager, WATCHDOG_USEC=200_000, WATCHDOG_PID=1) as gateway:
        manager.wait("STATUS=taking calls")
        with pytest.raises(AssertionError):
            manager.wait("WATCHDOG=1", 1)
        assert gateway.process.poll() is None
    manager.close()


def test_a_service_that_waits_for_its_database_says_so_and_is_not_ready(tmp_path):
    manager = ServiceManager(str(tmp_path / "notify"))
    with service(manager, DATABASE_URL=f"postgresql://tandem@127.0.0.1:{free_port()}/tandem") as gateway:
        waiting = manager.wait("STATUS=waiting for the database")
        assert "EXTEND_TIMEOUT_USEC=" in waiting
        with pytest.raises(AssertionError):
            manager.wait("READY=1", 1)
        gateway.signal(signal.SIGTERM)
        assert gateway.wait() == 0
        gateway.process = None
    manager.close()
