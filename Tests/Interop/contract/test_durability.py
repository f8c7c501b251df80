"""What was answered is kept: the program is killed at random moments while clients write, and started again.

`DURABILITY_ROUNDS` says how often (10), `SEED` when.
"""

import itertools
import json
import os
import random
import sqlite3
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing

import pytest
import requests
import websockets
from gateway import Gateway
from websockets.sync.client import connect

SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))
ROUNDS = int(os.environ.get("DURABILITY_ROUNDS", "10"))
_numbers = itertools.count(1)


class Ledger:
    """What clients were promised, and what they asked for besides."""

    def __init__(self):
        # Records of document 000 by call id, and calls of document 002 by channel: phone and duration.
        self.promised, self.asked = {}, set()
        # Notes by call: the newest that was acknowledged, and the newest that was sent. Each client has calls of its own.
        self.kept_notes, self.sent_notes = {}, {}
        self.ended = {}
        self.events = 0


class Client(threading.Thread):
    """Writes until the program is gone; what it wrote is in the ledger before and after each answer."""

    def __init__(self, gateway, ledger, number):
        super().__init__(daemon=True)
        self.gateway, self.ledger = gateway, ledger
        self.name, self.random = f"{number}", random.Random(f"{SEED} {number}")
        self.problem = None

    def run(self):
        try:
            with requests.Session() as self.session:
                self.session.headers["Authorization"] = f"Bearer {self.gateway.token()}"
                while True:
                    self.work()
        except (requests.RequestException, OSError, websockets.WebSocketException):
            # It was killed.
            pass
        except BaseException as error:
            self.problem = error

    def ask(self, method, path, body, **headers):
        answer = self.session.request(method, self.gateway.url(path), json=body, headers=headers, timeout=5)
        # Answered partly is not answered: the whole body has come, or `requests` has raised.
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def note(self, call, write):
        """Numbers each note, so that a later one is known from an earlier one."""
        number = next(_numbers)
        self.ledger.sent_notes[call] = number
        write(f"note {number}")
        self.ledger.kept_notes[call] = number


class RecordWriter(Client):
    """POST /api/v1/calls by document 000, then PUT notes on what was just made."""

    def work(self):
        number, duration = next(_numbers), self.random.randrange(1, 300)
        phone = f"7{9_000_000_000 + number}"
        self.ledger.asked.add(phone)
        made = self.ask("POST", "/api/v1/calls", {
            "phoneClient": phone, "status": "answered", "duration": duration, "callId": f"call-{number}"})["data"]
        self.ledger.promised[phone] = (f"call-{number}", duration)
        if self.random.random() < 0.5:
            self.note(made["id"], lambda text: self.ask("PUT", f"/api/calls/{made['id']}", {"notes": text}))


class LiveWriter(Client):
    """POST /api/calls by document 002: calls that live a moment, have notes, and end."""

    pending = None

    def work(self):
        number = next(_numbers)
        phone = f"7{9_000_000_000 + number}"
        self.ledger.asked.add(phone)
        self.pending = (phone, {
            "caller_number": phone, "receiver_number": "1001", "channel_id": f"channel-{number}"})
        made = self.ask("POST", "/api/calls", self.pending[1], **{"Idempotency-Key": phone})["data"]
        self.ledger.promised[phone], self.pending = (None, None), None
        self.note(made["id"], lambda text: self.ask("PUT", f"/api/calls/{made['id']}/notes", {"notes": text}))
        if self.random.random() < 0.8:
            duration = self.random.randrange(1, 60)
            self.ask("PUT", f"/api/calls/{made['id']}/end", {"duration": duration})
            self.ledger.ended[phone] = duration

    def ask_again(self):
        """Asks once more for the call that nobody knows of whether it was made: it is not made twice.

        Answers what became of it: not asked for, made now or before, or begun and not to be done again.
        """
        if self.pending is None:
            return None
        phone, body = self.pending
        answer = self.gateway.request("POST", "/api/calls", login="admin", json=body, headers={"Idempotency-Key": phone})
        if answer.status_code == 409:
            assert answer.json()["error"]["code"] == "IDEMPOTENCY_CONFLICT", answer.text
            return "begun"
        assert answer.status_code == 201, answer.text
        self.ledger.promised[phone] = (None, None)
        # It may be over already.
        self.gateway.request("PUT", f"/api/calls/{answer.json()['data']['id']}/end", login="admin", json={"duration": 1})
        return "answered" if "Idempotent-Replayed" in answer.headers else "made"


class SocketWriter(Client):
    """Notes by socket, each acknowledged."""

    def run(self):
        self.socket = None
        with ExitStack() as self.opened:
            super().run()

    def work(self):
        if self.socket is None:
            address = self.gateway.url("/ws").replace("http", "ws")
            self.socket = self.opened.enter_context(connect(f"{address}?token={self.gateway.token()}", close_timeout=0.1))
            self.call = self.ask("POST", "/api/v1/calls", {
                "phoneClient": "79000000000", "status": "answered", "callId": f"socket-{next(_numbers)}"})["data"]["id"]
        self.note(self.call, self.write)
        self.ledger.events += 1

    def write(self, text):
        number = next(_numbers)
        # Fifty a second are allowed.
        time.sleep(0.02)
        self.socket.send(json.dumps({
            "event": "update-call-notes", "data": {"callId": self.call, "notes": text}, "id": number}))
        while True:
            heard = json.loads(self.socket.recv(timeout=5))
            if heard.get("type") == "ack" and heard["id"] == number:
                assert heard["success"], heard
                return


@pytest.fixture
def gateway():
    print(f"seed {SEED}")
    running = Gateway(JWT_SECRET="durability-secret-0123456789abcdef", LOG_LEVEL="warn")
    try:
        yield running.start()
        running.stop()
    finally:
        running.remove_folder()


def test_what_was_answered_survives_a_kill(gateway):
    generator, ledger, asked_again = random.Random(SEED), Ledger(), Counter()
    for number in range(ROUNDS):
        kinds = [RecordWriter, RecordWriter, LiveWriter, LiveWriter, SocketWriter]
        clients = [kind(gateway, ledger, f"{number} {index}") for index, kind in enumerate(kinds)]
        gateway.token()
        for client in clients:
            client.start()
        time.sleep(generator.uniform(0.05, 0.6))
        gateway.kill()
        for client in clients:
            client.join(10)
            assert client.problem is None, client.problem
        gateway.start()
        asked_again.update(client.ask_again() for client in clients if isinstance(client, LiveWriter))
        assert_kept(gateway, ledger, f"round {number} of seed {SEED}")
    assert len(ledger.promised) > 10 * ROUNDS and ledger.events > ROUNDS, "the load was none"
    print(f"{ROUNDS} kills, {len(ledger.promised)} records promised, {len(ledger.kept_notes)} calls with notes, asked again: {dict(asked_again)}")


def assert_kept(gateway, ledger, where):
    path = next(gateway.folder.glob("*.db"))
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)], where
        assert store.execute("PRAGMA foreign_key_check").fetchall() == [], where
        rows = store.execute("SELECT caller_number, call_id, duration, ended_at, id, notes, end_reason FROM calls").fetchall()
        days = store.execute("SELECT day, state, answered, calls, duration FROM call_days WHERE calls <> 0").fetchall()
        sums = store.execute(
            "SELECT started_at / 86400000, state, answered_at IS NOT NULL, count(*), sum(ifnull(duration, 0)) FROM calls "
            "WHERE ended_at IS NOT NULL GROUP BY 1, 2, 3").fetchall()
    # Everybody writes down calls of numbers of their own; the sockets' number is shared.
    counts = Counter(row[0] for row in rows if row[0] != "79000000000")
    lost = [phone for phone in ledger.promised if counts[phone] == 0]
    assert not lost, f"{where}: {len(lost)} records whose 2xx was received are gone: {lost[:5]}"
    assert max(counts.values(), default=0) <= 1, f"{where}: doubled: {counts.most_common(3)}"
    assert set(counts) <= ledger.asked, where
    by_phone = {row[0]: row for row in rows}
    for phone, (call_id, duration) in ledger.promised.items():
        _, stored_id, stored_duration, ended_at, *_ = by_phone[phone]
        if call_id is not None:
            assert (stored_id, stored_duration) == (call_id, duration), where
        assert ended_at is not None, f"{where}: a call of before the crash is open"
    reasons = {row[0]: row[-1] for row in rows}
    gone = [phone for phone in ledger.ended if reasons[phone] == "interrupted"]
    assert not gone, f"{where}: {len(gone)} ends whose 2xx was received are gone"
    notes = {row[4]: row[5] for row in rows}
    for call, number in ledger.kept_notes.items():
        stored = int((notes[call] or "note 0").split()[1])
        assert number <= stored <= ledger.sent_notes[call], f"{where}: call {call} has note {stored}, {number} was answered"
    assert sorted(days) == sorted(sums), where
    shown = gateway.request("GET", "/api/statistics/overview", login="admin").json()["data"]
    assert shown["total_calls"] == len(rows), where
    assert shown["total_duration"] == sum(row[2] or 0 for row in rows), where
