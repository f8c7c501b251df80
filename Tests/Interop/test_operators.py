"""The commands of operators, against a running gateway with a telephone in a call."""

import json
import re
import sys
import uuid
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "contract"))

from carrier import Carrier
from gateway import Gateway, wait_for
from rawphone import RawPhone
from rows import covers


@pytest.fixture(scope="module")
def gateway():
    with Gateway(AUTH_MODE="required") as running:
        yield running


@pytest.fixture(scope="module")
def anna(gateway):
    with RawPhone(gateway, "1001", gateway.users["anna"][2]) as phone:
        yield phone.register()


@pytest.fixture
def call(gateway, anna):
    """The number of a call that lives: Anna's telephone and the echo."""
    anna.call("9196")
    yield str(live(gateway)[0]["numericId"])
    if live(gateway):
        anna.hang_up()
    wait_for(lambda: not live(gateway), 5, "no call")


def live(gateway):
    return json.loads(done(gateway, "calls", "--json"))["live"]


def done(gateway, *words):
    finished = gateway.run(*words)
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    return finished.stdout


def refused(gateway, *words):
    finished = gateway.run(*words)
    assert finished.returncode == 1 and finished.stdout == "", finished.stdout
    [line] = finished.stderr.splitlines()
    assert line.startswith("tandem: ")
    return line


@covers("admin GET /api/v1/admin/status")
def test_status_says_how_the_gateway_and_its_parts_fare(gateway, call):
    text = done(gateway, "status")
    assert re.search(r"^telephony-gateway 1\.0\.0: ready$", text, re.M)
    assert "1 live calls, 1 registered phones" in text and "database: ok" in text
    status = json.loads(done(gateway, "status", "--json"))
    assert (status["state"], status["liveCalls"], status["degraded"]) == ("ready", 1, [])
    assert status["checks"]["callManager"]["status"] == "ok" and status["uptimeSeconds"] >= 0


@covers("admin GET /api/v1/admin/calls")
def test_a_live_call_is_listed_explained_and_hung_up(gateway, anna, call):
    assert re.search(rf"^{call} +answered +internal +1001 +9196 ", done(gateway, "calls"), re.M)
    text = done(gateway, "call", call)
    assert text.startswith(f"{call}: internal, from 1001 to 9196, ") and re.search(r"^(PROBLEM|WARNING|NOTE): ", text, re.M), text
    ladder = done(gateway, "call", call, "--sip")
    assert "INVITE" in ladder and "200" in ladder
    found = json.loads(done(gateway, "call", call, "--json", "--sip"))
    assert found["diagnosis"]["findings"] and found["sip"]["messages"]
    named = uuid.UUID(found["call"]["id"])
    assert done(gateway, "hangup", str(named)) == f"call {named} is ended\n"
    anna.respond(anna.wait_request("BYE"), 200, "OK")
    wait_for(lambda: not live(gateway), 5, "the end")
    assert re.search(rf"^{call} +completed .* command_hangup$", done(gateway, "calls", "--limit", "1"), re.M)
    assert "ended already" in refused(gateway, "hangup", call)


@covers("admin GET /api/v1/admin/registrations")
def test_devices_that_are_registered_are_listed(gateway, anna):
    assert re.search(rf"^1001 .* sip:1001@127\.0\.0\.1:{anna.port} +UDP 127\.0\.0\.1:{anna.port} +\d+:\d\d$",
                     done(gateway, "registrations"), re.M)
    [device] = json.loads(done(gateway, "registrations", "--json"))
    assert (device["account"], device["extension"]) == ("1001", "1001") and 0 < device["expiresIn"] <= 300


@covers("admin GET /api/v1/admin/trunk-states")
def test_trunks_are_listed_as_they_fare(gateway):
    assert done(gateway, "trunks") == "there is no trunk\n"
    with Carrier("127.0.0.5") as carrier:
        gateway.add("trunks", name="carrier", targets=[{"host": carrier.address, "port": carrier.port}])
        wait_for(lambda: re.search(r"^carrier +not wanted +yes +0 ", done(gateway, "trunks"), re.M), 10, "it to answer")
        [trunk] = json.loads(done(gateway, "trunks", "--json"))
        assert (trunk["name"], trunk["isReachable"], trunk["channels"]) == ("carrier", True, 0)


def test_what_cannot_be_done_is_said(gateway):
    assert "no such call" in refused(gateway, "call", "999999")
    assert "no such call" in refused(gateway, "hangup", str(uuid.uuid4()))
    assert "does not accept the token" in refused(gateway, "status", "--token", "not.a.token")
    assert "no administrator's" in refused(gateway, "calls", "--token", gateway.token("anna"))
    assert json.loads(done(gateway, "calls", "--json", "--token", gateway.token()))["live"] == []
    for words in (["call"], ["call", "nonsense"], ["hangup"], ["status", "more"], ["calls", "--limit", "x"],
                  ["trunks", "--nonsense"], ["status", "--token", "a b\r\nX: y"]):
        finished = gateway.run(*words)
        assert finished.returncode == 64 and "tandem hangup ID" in finished.stderr, words
    listed = done(gateway, "help")
    assert all(f"tandem {name}" in listed for name in ("status", "calls", "call", "hangup", "trunks", "registrations"))


def test_a_gateway_that_is_down_or_without_administrators_is_said_to_be():
    idle = Gateway()
    try:
        assert "there is no administrator" in refused(idle, "status")
        assert f"the gateway on port {idle.port} does not answer" in refused(idle, "status", "--token", "a.b.c")
    finally:
        idle.remove_folder()
