"""Starting, stopping in good order, and being killed."""

import asyncio
import contextlib
import signal
import sqlite3
import time

import pytest
import requests
import websockets
from gateway import Gateway, wait_for
from peers import Peer, PlainSocket, join
from rawphone import RawPhone



# Starting


def test_it_is_ready_within_a_second(stopped):
    gateway = stopped()
    seconds = []
    # The first start also makes the store, the passwords and a certificate. The machine may be busy: the best counts.
    for _ in range(3):
        gateway.start()
        seconds.append(gateway.seconds_to_ready)
        gateway.stop()
    assert min(seconds) <= 1.0, seconds
    assert seconds[0] <= 10.0, seconds


OPTIONS = ("OPTIONS sip:tandem SIP/2.0\r\nVia: SIP/2.0/WS page.invalid;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
           "From: <sip:1001@tandem>;tag=1\r\nTo: <sip:tandem>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
           "Content-Length: 0\r\n\r\n")


async def assert_sockets_work(gateway, host):
    client = PlainSocket(gateway)
    client.address = f"ws://{host}:{gateway.port}/ws"
    async with client:
        await client.emit("ping")
        await client.wait("pong")
    async with websockets.connect(f"ws://{host}:{gateway.port}/sip", subprotocols=["sip"]) as connection:
        await connection.send(OPTIONS)
        assert (await asyncio.wait_for(connection.recv(), 5)).startswith("SIP/2.0 200")


def test_pages_programs_and_phones_in_pages_come_by_ipv6_too(stopped):
    """As in a cluster of IPv6, where the kubelet asks by it; a program on this machine is one by either family."""
    gateway = stopped()
    secure = gateway.port + 3
    gateway.environment["HTTPS_PORT"] = str(secure)
    gateway.start()
    assert requests.get(f"http://[::1]:{gateway.port}/health/ready", timeout=5).status_code == 200
    assert requests.get(f"https://[::1]:{secure}/", timeout=5, verify=False).status_code == 200
    made = requests.post(f"http://[::1]:{gateway.port}/api/v1/calls", timeout=5,
                         json={"phoneNumber": "echo", "direction": "outgoing"})
    assert made.status_code == 201
    asyncio.run(assert_sockets_work(gateway, "[::1]"))


def test_the_banner_says_where_it_is_and_who_may_log_in(stopped):
    gateway = stopped().start()
    text = "\n".join(gateway.output)
    assert f"http://localhost:{gateway.port}" in text
    assert set(gateway.users) == {"admin", "anna", "petr"}
    assert gateway.users["admin"][0] == "admin-password"
    for login in ("anna", "petr"):
        password, extension, sip_password = gateway.users[login]
        assert len(password) >= 12 and len(sip_password) >= 12 and extension in ("1001", "1002")
        assert gateway.login(login)["user"]["login"] == login


def test_a_second_start_keeps_passwords_and_tokens(stopped):
    gateway = stopped().start()
    token = gateway.token("anna")
    users = dict(gateway.users)
    gateway.stop()
    gateway.start()
    assert any("as before" in line for line in gateway.output)
    assert gateway.users == users
    assert gateway.login("petr")["user"]["login"] == "petr"
    listed = requests.get(gateway.url("/api/v1/calls"), headers={"Authorization": f"Bearer {token}"}, timeout=5)
    assert listed.status_code == 200
    with RawPhone(gateway, "1001", users["anna"][2]) as phone:
        phone.register()
    made = gateway.run("token", "--login", "petr")
    assert made.returncode == 0 and made.stdout.count(".") == 2


def test_check_says_that_a_configuration_can_be_used(stopped):
    checked = stopped(SIP_USERS="op:secret:200:Operator").run("check")
    assert checked.returncode == 0
    assert checked.stdout.startswith("The configuration can be used.")
    assert "1 accounts from SIP_USERS" in checked.stdout
    assert "secret" not in checked.stdout + checked.stderr


def test_settings_are_read_from_a_file_too(stopped):
    gateway = stopped()
    (gateway.folder / ".env").write_text("# comment\nSIP_USERS='op:pa#ss:200:Operator'\nPORT=1\n")
    checked = gateway.run("check")
    assert checked.returncode == 0
    assert "1 accounts" in checked.stdout
    assert f"HTTP {gateway.port}" in checked.stdout, "the real environment wins"


# Stopping


class Conversations:
    """Pages that each talk to the echo, for tests that end the gateway under them."""

    def __init__(self, gateway, count):
        self.gateway, self.count = gateway, count
        self.ids = []

    async def __aenter__(self):
        self.stack = contextlib.AsyncExitStack()
        self.sockets = []
        for _ in range(self.count):
            client = await self.stack.enter_async_context(PlainSocket(self.gateway))
            peer = await self.stack.enter_async_context(Peer())
            made = self.gateway.make_call("echo")
            await join(client, peer, made["id"])
            self.ids.append(made["id"])
            self.sockets.append(client)
        return self

    async def __aexit__(self, *error):
        with contextlib.suppress(Exception):
            await self.stack.aclose()


def test_calls_cut_off_by_kill_are_closed_at_the_next_start(stopped):
    gateway = stopped(AUTH_MODE="off").start()

    async def run():
        async with Conversations(gateway, 8) as talking:
            waiting = [gateway.make_call("echo")["id"] for _ in range(2)]
            wait_for(lambda: len(gateway.calls(login=None, limit=100)) == 10, 5, "ten records")
            await asyncio.sleep(2)
            gateway.kill()
            return talking.ids, waiting

    talking, waiting = asyncio.run(run())
    killed_at = time.time()
    gateway.start()
    assert gateway.metric("active_calls") == 0
    assert requests.get(gateway.url("/api/calls/active"), timeout=5).json()["data"] == []
    records = {record["id"]: record for record in gateway.calls(login=None, limit=100)}
    assert set(records) == set(talking + waiting), "a record is lost, or made twice"
    stored = {row["uuid"]: row for row in gateway.stored("SELECT * FROM calls")}
    for uuid, record in records.items():
        assert stored[uuid]["end_reason"] == "interrupted"
        assert record["state"] == ("completed" if uuid in talking else "failed")
        assert record["startedAt"] <= record["endedAt"]
        assert gateway.seconds(record["endedAt"]) <= killed_at + 1, "ended at the last recorded moment"
        assert bool(record["answeredAt"]) == (uuid in talking)
    # Numbers go on where they were.
    assert gateway.make_call("echo")["numericId"] > max(record["numericId"] for record in records.values())


def test_sigterm_ends_calls_in_good_order(stopped):
    gateway = stopped(AUTH_MODE="off").start()

    async def run():
        with RawPhone(gateway, "1001", gateway.users["anna"][2]) as phone:
            phone.register()
            async with Conversations(gateway, 2) as talking, PlainSocket(gateway) as client, Peer() as peer:
                made = gateway.make_call("1001")
                answering = asyncio.get_running_loop().run_in_executor(None, phone.answer)
                await join(client, peer, made["id"])
                await answering
                await peer.connection_up()
                gateway.signal(signal.SIGTERM)
                bye = await asyncio.get_running_loop().run_in_executor(None, phone.wait_request, "BYE")
                phone.respond(bye, 200, "OK")
                for one in [client, *talking.sockets]:
                    await one.wait("call-ended", lambda ended: ended["reason"] == "shutdown")
                    await one.connection.wait_closed()
                    assert one.connection.close_code == 1001
                return [*talking.ids, made["id"]]

    ids = asyncio.run(run())
    assert gateway.wait(15) == 0
    gateway.process = None
    rows = {row["uuid"]: row for row in gateway.stored("SELECT * FROM calls")}
    assert set(rows) == set(ids)
    for row in rows.values():
        assert (row["state"], row["end_reason"]) == ("completed", "shutdown")
        assert row["answered_at"] and row["ended_at"]


def test_a_drain_lets_calls_finish_and_takes_no_more(stopped):
    gateway = stopped(AUTH_MODE="off", DRAIN_TIMEOUT_MS=20_000).start()

    async def run():
        async with Conversations(gateway, 1) as talking:
            gateway.signal(signal.SIGTERM)
            wait_for(lambda: requests.get(gateway.url("/health/ready"), timeout=2).status_code == 503, 5, "not ready")
            assert requests.get(gateway.url("/health/live"), timeout=2).status_code == 200
            refused = gateway.request("POST", "/api/v1/calls", json={"phoneNumber": "echo", "direction": "outgoing"})
            assert refused.status_code == 503
            assert refused.json()["error"]["code"] in ("DEPENDENCY_UNAVAILABLE", "CAPACITY_EXCEEDED")
            await asyncio.sleep(1)
            assert talking.sockets[0].count("call-ended") == 0, "the call was not left to finish"
            await talking.sockets[0].emit("leave-call", {})
            began = time.monotonic()
            assert await asyncio.get_running_loop().run_in_executor(None, gateway.wait, 15) == 0
            assert time.monotonic() - began < 8, "stops as soon as the last call is over"
            gateway.process = None

    asyncio.run(run())
    [row] = gateway.stored("SELECT * FROM calls")
    assert (row["state"], row["end_reason"]) == ("completed", "caller_hangup")


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_does_not_wait_for_calls(stopped, second):
    gateway = stopped(AUTH_MODE="off", DRAIN_TIMEOUT_MS=60_000).start()

    async def run():
        async with Conversations(gateway, 1):
            gateway.signal(signal.SIGTERM)
            wait_for(lambda: requests.get(gateway.url("/health/ready"), timeout=2).status_code == 503, 5, "not ready")
            gateway.signal(second)
            assert await asyncio.get_running_loop().run_in_executor(None, gateway.wait, 12) == 0
            gateway.process = None

    asyncio.run(run())


def test_a_store_that_does_not_answer_shows_in_health_and_calls_go_on():
    with Gateway(AUTH_MODE="off") as gateway:
        assert gateway.request("GET", "/health/detailed").json()["checks"]["database"]["status"] == "ok"
        with sqlite3.connect(gateway.folder / "tandem.db") as database:
            database.execute("DROP TABLE settings")
        detailed = gateway.request("GET", "/health/detailed")
        assert detailed.status_code == 503
        assert detailed.json()["checks"]["database"]["status"] == "error"
        ready = gateway.request("GET", "/health/ready")
        assert ready.status_code == 200 and ready.json()["degraded"] == ["database"]
        body = {"phoneNumber": "9196", "direction": "outgoing"}
        assert gateway.request("POST", "/api/v1/calls", json=body).status_code == 201
