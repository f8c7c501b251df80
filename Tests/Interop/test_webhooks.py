"""Webhooks against a server that refuses, dawdles, is dead for a while, and a gateway that is killed."""

import contextlib
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from gateway import Gateway, free_ports, wait_for
from hookreceiver import Receiver

LIFE = ["call.created", "call.answered", "call.ended"]
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(scope="module")
def gateway():
    with Gateway(AUTH_MODE="required", WEBHOOK_HOSTS="127.0.0.1") as running:
        yield running


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running
    assert not running.bad, "all signatures are good"


@contextlib.contextmanager
def hook(gateway, receiver, **fields):
    """A webhook for the time of a test."""
    body = {"name": "test", "url": receiver.url, "secret": receiver.secret, **fields}
    made = gateway.add("webhooks", **body)
    yield made
    answer = gateway.request("DELETE", f"/api/v1/admin/webhooks/{made['id']}", login="admin")
    assert answer.status_code == 200, answer.text


def ask(gateway, method, path, status=200, **more):
    answer = gateway.request(method, f"/api/v1/admin/{path}", login="admin", **more)
    assert answer.status_code == status, answer.text
    return answer.json()


def report(gateway, **more):
    """A call that another exchange has, from its begin."""
    body = {"caller_number": "+79991234567", "receiver_number": "1001", "assigned_user_id": 2}
    answer = gateway.request("POST", "/api/calls", login="admin", json=body, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def live(gateway, **more):
    """A call that begins, is taken and ends."""
    made = report(gateway, **more)
    for status in ("answered", "completed"):
        answer = gateway.request(
            "PATCH", f"/api/v1/calls/{made['uuid']}/status", login="admin", json={"status": status})
        assert answer.status_code == 200, answer.text
    return made


def outbox(gateway, **query):
    return ask(gateway, "GET", "outbox", params=query)["data"]


def test_a_call_is_told_from_begin_to_end_signed_and_traced(gateway, receiver):
    with hook(gateway, receiver):
        made = live(gateway, headers={"traceparent": PARENT})
        receiver.wait("call.ended", made)
        assert receiver.names(made) == LIFE
        first = receiver.of(made)[0]
        assert first.headers["traceparent"] == PARENT and first.headers["Content-Type"] == "application/json"
        call = first.body["call"]
        assert (call["uuid"], call["phoneNumber"], call["status"]) == (made["uuid"], "+79991234567", "initiated")
        assert gateway.request("PUT", f"/api/calls/{made['numericId']}", login="admin",
                               json={"notes": "later"}).status_code == 200
        edited = receiver.wait("call.edited", made)
        assert edited.body["details"]["changesNotes"] is True and edited.body["call"]["notes"] == "later"
        wait_for(lambda: outbox(gateway)["pagination"]["total"] == 0, 5, "the outbox to be empty")
        assert gateway.metric("outbox_deliveries_total", kind="webhook", result="delivered") >= 4


def test_only_wanted_events_come_and_the_secret_is_never_shown(gateway, receiver):
    with hook(gateway, receiver, events=["call.ended"]) as made:
        assert made["secret"] == "***" and made["events"] == ["call.ended"]
        assert receiver.secret not in str(ask(gateway, "GET", "webhooks"))
        call = live(gateway)
        receiver.wait("call.ended", call)
        assert receiver.names(call) == ["call.ended"]
        ask(gateway, "PUT", f"webhooks/{made['id']}", json={"active": False, "secret": "***"})
        quiet = live(gateway)
        ask(gateway, "PUT", f"webhooks/{made['id']}", json={"active": True})
        loud = live(gateway)
        receiver.wait("call.ended", loud)
        assert receiver.names(quiet) == []
    for body, field in [
        ({"url": "ftp://x", "name": "a", "secret": "x" * 16}, "url"), ({"name": "a", "url": "http://x"}, "secret"),
        ({"url": "http://u:p@x/", "name": "a", "secret": "x" * 16}, "url"),
        ({"url": "http://x/", "name": "a", "secret": "short"}, "secret"),
        ({"url": "http://x/", "name": "a", "secret": "x" * 16, "events": ["no.such"]}, "events[0]"),
    ]:
        assert field in ask(gateway, "POST", "webhooks", 400, json=body)["error"]["details"], body


def test_a_server_that_refuses_for_a_while_gets_all_in_order_under_the_same_ids(gateway, receiver):
    seen = []

    def answer(delivery):
        seen.append(delivery)
        return [503, 500, 429][len(seen) - 1] if len(seen) < 4 else 200

    receiver.answer = answer
    with hook(gateway, receiver):
        calls = [live(gateway) for _ in range(2)]
        receiver.wait("call.ended", calls[1], seconds=30)
        assert receiver.names(*calls) == LIFE * 2
        assert len({one.id for one in seen[:4]}) == 1, "the first is tried again and again, nothing before it"
        assert [one.headers["Tandem-Attempt"] for one in seen[:4]] == ["1", "2", "3", "4"]
        gaps = [seen[index + 1].at - seen[index].at for index in range(3)]
        assert all(gap >= 0.8 * 2 ** index for index, gap in enumerate(gaps)), gaps


def test_a_slow_server_delays_no_call_and_no_other_server(gateway, receiver):
    receiver.answer = lambda delivery: time.sleep(1) or 200
    with hook(gateway, receiver), Receiver() as quick, hook(gateway, quick, name="quick"):
        began = time.monotonic()
        calls = [live(gateway) for _ in range(3)]
        quick.wait("call.ended", calls[2], seconds=5)
        assert time.monotonic() - began < 3
        receiver.wait("call.ended", calls[0], seconds=10)
        assert receiver.names(calls[0]) == LIFE


def test_what_is_refused_for_good_is_parked_until_an_administrator_tries_again(gateway, receiver):
    receiver.answer = lambda delivery: 302 if delivery.name == "call.created" else 404
    with hook(gateway, receiver, events=["call.created", "call.ended"]):
        call = live(gateway)
        receiver.wait("call.ended", call)
        wait_for(lambda: outbox(gateway, state="parked")["pagination"]["total"] == 2, 5, "both to be parked")
        assert len(receiver.deliveries) == 2, "neither tried again, nor led elsewhere"
        page = outbox(gateway, state="parked", limit=1, page=2)
        assert page["items"][0]["lastError"] == "HTTP 404" and page["pagination"]["totalPages"] == 2
        first = outbox(gateway, kind="webhook")["items"][0]
        assert "redirections" in first["lastError"] and first["body"]["call"]["uuid"] == call["uuid"]
        receiver.answer = lambda delivery: 200
        receiver.clear()
        ask(gateway, "POST", f"outbox/{first['id']}/retry")
        assert receiver.wait("call.created", call).id == first["messageId"]
        ask(gateway, "DELETE", f"outbox/{page['items'][0]['id']}")
        ask(gateway, "DELETE", f"outbox/{page['items'][0]['id']}", 404)
        wait_for(lambda: outbox(gateway)["pagination"]["total"] == 0, 5, "the outbox to be empty")
        ask(gateway, "GET", "outbox", 400, params={"state": "lost"})


def test_only_public_and_named_hosts_are_told(gateway, receiver):
    for url in ("http://127.0.0.2:9/", "http://localhost:9/", "http://[::1]:9/", "http://10.0.0.1/"):
        made = gateway.add("webhooks", name="inside", url=url, secret=receiver.secret)
        told = ask(gateway, "POST", f"webhooks/{made['id']}/test")["data"]
        assert told["delivered"] is False and "WEBHOOK_HOSTS" in told["error"], url
        ask(gateway, "DELETE", f"webhooks/{made['id']}")


def test_what_was_told_is_told_again_from_a_place_on(gateway, receiver):
    with hook(gateway, receiver, events=["call.ended"]) as made:
        calls = [live(gateway) for _ in range(3)]
        receiver.wait("call.ended", calls[2])
        told = receiver.of(*calls)
        receiver.clear()
        replay = f"webhooks/{made['id']}/replay"
        assert ask(gateway, "POST", replay, 202, json={"from": told[0].id})["data"]["queued"] == 2
        receiver.wait("call.ended", calls[2])
        assert [one.id for one in receiver.of(*calls)] == [one.id for one in told[1:]]
        ask(gateway, "POST", replay, 404, json={"from": "00000000-0000-4000-8000-000000000000"})
        ask(gateway, "POST", replay, 400, json={})


def test_the_receiver_of_the_readme_believes_us_and_nobody_else(gateway):
    text = (Path(__file__).parents[2] / "README.md").read_text()
    [code] = [block for block in re.findall(r"```python\n(.*?)```", text, re.S) if "Tandem-Signature" in block]
    assert len(code.strip().splitlines()) <= 16
    port, secret = free_ports(56000, 59000, 1), "the secret of the webhook"
    program = subprocess.Popen(
        [sys.executable, "-u", "-c", code.replace("8000", str(port))], stdout=subprocess.PIPE, text=True,
        stderr=subprocess.DEVNULL)
    try:
        made = gateway.add("webhooks", name="readme", url=f"http://127.0.0.1:{port}/", secret=secret)
        test = f"webhooks/{made['id']}/test"
        told = wait_for(lambda: (ask(gateway, "POST", test)["data"] or None), 10)
        wait_for(lambda: ask(gateway, "POST", test)["data"]["delivered"], 10, "the receiver to be there")
        assert program.stdout.readline().split()[1] == "test"
        ask(gateway, "PUT", f"webhooks/{made['id']}", json={"secret": "another secret than its own"})
        told = ask(gateway, "POST", test)["data"]
        assert (told["delivered"], told["error"]) == (False, "HTTP 401")
        ask(gateway, "DELETE", f"webhooks/{made['id']}")
    finally:
        program.kill()
        program.wait()


def test_nothing_is_lost_when_the_server_is_dead_and_the_gateway_is_killed():
    """Every call the store knows has been told, in its order, with the same ids each time."""
    receiver = Receiver()
    gateway = Gateway(AUTH_MODE="required", WEBHOOK_HOSTS="127.0.0.1").start()
    try:
        gateway.add("webhooks", name="test", url=receiver.url, secret=receiver.secret)
        calls = [live(gateway) for _ in range(5)]
        wait_for(lambda: outbox(gateway)["items"][0]["attempts"] > 0, 10, "a first attempt")
        receiver.start()
        receiver.answer = lambda delivery: None if len(receiver.deliveries) % 4 == 0 else 200
        calls += [live(gateway) for _ in range(5)]
        gateway.kill()
        gateway.start()
        calls.append(live(gateway))
        receiver.wait("call.ended", calls[-1], seconds=60)
        rows = gateway.stored("SELECT uuid, end_reason FROM calls WHERE ended_at IS NOT NULL")
        known = {row["uuid"]: row["end_reason"] for row in rows}
        for call in calls:
            told = receiver.names(call)
            if call["uuid"] not in known:
                assert told == []
            elif known[call["uuid"]] == "interrupted" and told != LIFE:
                assert told == ["call.created", "call.ended"], "written down before it was answered"
            else:
                assert told == LIFE
        wait_for(lambda: outbox(gateway)["pagination"]["total"] == 0, 10, "the outbox to be empty")
        assert not receiver.bad
        gateway.stop()
    finally:
        if gateway.process is not None:
            gateway.kill()
        gateway.remove_folder()
        receiver.stop()
