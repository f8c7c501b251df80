"""The level of the log while the program runs: by REST, by SIGHUP, and for one call."""

import json
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "contract"))

from gateway import Gateway, wait_for
from rows import covers


@pytest.fixture(scope="module")
def gateway():
    quiet = Gateway(AUTH_MODE="required")
    # A variable of the real environment would always win.
    del quiet.environment["LOG_LEVEL"]
    (quiet.folder / ".env").write_text("LOG_LEVEL=info\n")
    with quiet as running:
        yield running


def lines(gateway, **fields):
    parsed = [json.loads(line) for line in list(gateway.output) if line.startswith("{")]
    return [line for line in parsed if fields.items() <= line.items()]


def debug_lines(gateway, **fields):
    return lines(gateway, level="debug", **fields)


def set_level(gateway, level):
    answer = gateway.request("PUT", "/api/v1/admin/log-level", login="admin", json={"level": level})
    assert answer.status_code == 200 and answer.json()["data"] == {"level": level}, answer.text


@covers("admin PUT /api/v1/admin/log-level")
def test_the_level_is_set_by_rest(gateway):
    gateway.request("GET", "/api/v1/queues", login="admin")
    assert not debug_lines(gateway)
    set_level(gateway, "debug")
    gateway.request("GET", "/api/v1/queues", login="admin")
    wait_for(lambda: debug_lines(gateway, message="request", route="/api/v1/queues"), 5, "a debug line")
    set_level(gateway, "info")


@covers("admin GET /api/v1/admin/log-level")
def test_sighup_reads_the_file_again(gateway):
    def level():
        return gateway.request("GET", "/api/v1/admin/log-level", login="admin").json()["data"]["level"]

    for text, expected in (("LOG_LEVEL=error", "error"), ("LOG_LEVEL=nonsense", "error"), ("LOG_LEVEL=info", "info")):
        before = len(gateway.output)
        (gateway.folder / ".env").write_text(text + "\n")
        gateway.signal(signal.SIGHUP)
        if "nonsense" in text or expected == "error":
            wait_for(lambda: level() == expected, 5, expected)
        else:
            wait_for(lambda: any("read again" in line for line in gateway.output[before:]), 5, "the line")
        assert level() == expected


@covers("calls POST /api/v1/calls/:id/debug")
def test_one_call_is_followed(gateway):
    set_level(gateway, "warn")
    made = [gateway.make_call("9196", login="anna") for _ in range(2)]
    uuids = [gateway.call(call["id"])["uuid"] for call in made]
    answer = gateway.request("POST", f"/api/v1/calls/{uuids[0]}/debug", login="admin")
    assert answer.status_code == 200, answer.text
    for uuid in uuids:
        assert gateway.request("POST", f"/api/v1/calls/{uuid}/end", login="anna").status_code == 200
    wait_for(lambda: debug_lines(gateway, callId=uuids[0], message="step"), 5, "debug lines of the call")
    assert not debug_lines(gateway, callId=uuids[1])
    over = wait_for(lambda: debug_lines(gateway, callId=uuids[0], message="call is over"), 5, "its last line")
    assert {"state", "reason", "seconds"} <= over[0].keys()
    set_level(gateway, "info")


def test_the_end_of_a_call_is_one_line(gateway):
    made = gateway.make_call("9196", login="anna")
    uuid = gateway.call(made["id"])["uuid"]
    assert gateway.request("POST", f"/api/v1/calls/{uuid}/end", login="anna").status_code == 200
    wait_for(lambda: lines(gateway, callId=uuid, message="call ended"), 5, "the line")
    ends = [line for line in lines(gateway, level="info", callId=uuid) if "reason" in line or "seconds" in line]
    assert len(ends) == 1 and {"reason", "seconds", "from", "to"} <= ends[0].keys(), ends
    assert ends[0]["state"] == gateway.call(made["id"])["state"]
