"""What others are away for: a PostgreSQL server under calls and the exchange's events, an S3 and a realtime service.

`OUTAGE_SECONDS` says how long the server stays away (5; scripts/test-long: 60), with 50 calls a second meanwhile.
"""

import contextlib
import itertools
import os
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from bucket import s3_bucket
from gateway import Gateway, wait_for
from postgres import Postgres
from vendor import KEY, SALT, Exchange, Realtime, signed

SECONDS = float(os.environ.get("OUTAGE_SECONDS", "5"))
# Together 50 calls in a second, and ten of the exchange.
REPORTERS, PER_REPORTER, TELLERS, PER_TELLER = 10, 5.0, 5, 2.0
HOOK = "/api/v1/webhook/mango/events/call"


class Load(threading.Thread):
    """Does one thing after the other, so many in a second; `done` has what was promised, in its order."""

    def __init__(self, gateway, number, rate):
        super().__init__(daemon=True)
        self.gateway, self.number, self.rate = gateway, number, rate
        self.session = requests.Session()
        self.done, self.problem, self.is_over = [], None, False
        self.slowest = 0.0

    def run(self):
        began = time.monotonic()
        try:
            for index in itertools.count():
                time.sleep(max(0, began + index / self.rate - time.monotonic()))
                if self.is_over:
                    return
                self.act(index)
        except BaseException as error:
            self.problem = error

    def post(self, method, path, **body):
        began = time.monotonic()
        answer = self.session.request(method, self.gateway.url(path), timeout=30, **body)
        self.slowest = max(self.slowest, time.monotonic() - began)
        return answer


class Reporter(Load):
    """Calls of document 002, from their begin to their end; while they live, people are served without the store."""

    def act(self, index):
        phone = f"+79{self.number:03}{index:06}"
        body = {"caller_number": phone, "receiver_number": "1001", "channel_id": f"SIP/{self.number}-{index}"}
        made = self.post("POST", "/api/calls", json=body)
        assert made.status_code == 201, made.text
        uuid = made.json()["data"]["uuid"]
        ended = self.post("PUT", f"/api/calls/{uuid}/end", json={})
        assert ended.status_code == 200, ended.text
        self.done.append((uuid, phone))


class Teller(Load):
    """Calls of the exchange; an event that is not taken is told again until it is, as the exchange does."""

    refused = 0

    def act(self, index):
        name = f"{self.number}-{index}"
        began = int(time.time()) - 100
        for seq, state, second in ((1, "Appeared", 0), (2, "Connected", 5), (3, "Disconnected", 65)):
            event = {
                "entry_id": f"entry-{name}", "call_id": f"leg-{name}", "timestamp": began + second, "seq": seq,
                "call_state": state, "location": "abonent", "from": {"number": f"7916{self.number:02}{index:05}"},
                "to": {"extension": "1001", "number": "1001", "line_number": "74951234567"},
            }
            if state == "Disconnected":
                event["disconnect_reason"] = 1110
            while (answer := self.post("POST", HOOK, data=signed(event))).status_code != 200:
                assert answer.status_code == 503, answer.text
                self.refused += 1
                time.sleep(0.5)
        self.done.append(f"entry-{name}")


@pytest.fixture(scope="module")
def outage():
    """What the load has done, and the gateway that all of it was done to, after all is written that was waiting."""
    with Postgres() as server, Gateway(
        AUTH_MODE="off", DATABASE_URL=server.make_database(), MANGO_OFFICE_API_KEY=KEY, MANGO_OFFICE_API_SALT=SALT,
        LOG_LEVEL="warn",
    ) as gateway:
        reporters = [Reporter(gateway, number, PER_REPORTER) for number in range(REPORTERS)]
        tellers = [Teller(gateway, number, PER_TELLER) for number in range(TELLERS)]
        during = suffer(server, reporters, tellers)
        back = time.monotonic()
        calls = sum(len(load.done) for load in reporters)
        entries = sum(len(load.done) for load in tellers)
        wait_for(lambda: stored(gateway) >= calls + entries, 60, f"{calls} calls and {entries} of the exchange")
        wait_for(lambda: "degraded" not in requests.get(gateway.url("/health/ready"), timeout=5).json(), 30, "the store")
        print(f"{SECONDS:.0f} s without the server: {calls} calls, {during} of them meanwhile, slowest answer "
              f"{max(load.slowest for load in reporters) * 1000:.0f} ms; {entries} calls of the exchange, "
              f"{sum(load.refused for load in tellers)} events told again; all is written {time.monotonic() - back:.1f} s "
              "after the load")
        assert during >= 0.9 * REPORTERS * PER_REPORTER * SECONDS, "calls did not go on meanwhile"
        yield gateway, reporters, tellers


def suffer(server, reporters, tellers):
    """Takes the server away under load and gives it back; answers how many calls there were meanwhile."""
    loads = reporters + tellers
    for load in loads:
        load.start()
    time.sleep(2)
    server.stop()
    during = -sum(len(load.done) for load in reporters)
    time.sleep(SECONDS)
    during += sum(len(load.done) for load in reporters)
    server.start()
    time.sleep(2)
    for load in loads:
        load.is_over = True
    for load in loads:
        load.join(60)
        assert load.problem is None, load.problem
    return during


def stored(gateway):
    return gateway.stored("SELECT count(*) AS n FROM calls WHERE ended_at IS NOT NULL")[0]["n"]


def test_a_server_that_is_away_under_load_costs_no_record(outage):
    gateway, reporters, tellers = outage
    rows = gateway.stored("SELECT uuid, caller_number, state, duration, entry_id FROM calls ORDER BY id")
    for load in reporters:
        prefix = f"+79{load.number:03}"
        own = [(str(row["uuid"]), row["caller_number"]) for row in rows if row["caller_number"].startswith(prefix)]
        assert own == load.done, f"calls of {load.number}"
    assert {row["state"] for row in rows if row["entry_id"] is None} == {"no_answer"}
    for load in tellers:
        records = [row for row in rows if (row["entry_id"] or "").startswith(f"entry-{load.number}-")]
        assert sorted(row["entry_id"] for row in records) == sorted(load.done)
        assert {(row["state"], row["duration"]) for row in records} == {("completed", 60)}


def test_a_server_that_is_away_under_load_costs_no_event_of_the_exchange(outage):
    gateway, _, tellers = outage

    def stored_events():
        return gateway.stored("SELECT entry_id, seq FROM mango_events WHERE kind = 'call' ORDER BY id")

    told = 3 * sum(len(load.done) for load in tellers)
    wait_for(lambda: len(stored_events()) >= told, 30, f"{told} events, which are kept here while the server is away")
    events = stored_events()
    for load in tellers:
        mine = [(row["entry_id"], row["seq"]) for row in events if row["entry_id"].startswith(f"entry-{load.number}-")]
        assert mine == [(entry, seq) for entry in load.done for seq in (1, 2, 3)]


# Services of others


@pytest.fixture
def bucket():
    with s3_bucket() as client:
        yield client


def test_others_that_refuse_delay_nothing_and_get_all_of_it_later(bucket):
    realtime, exchange = Realtime(), Exchange()
    realtime.is_away = True
    with Gateway(
        AUTH_MODE="off", MANGO_OFFICE_API_KEY=KEY, MANGO_OFFICE_API_SALT=SALT, MANGO_API_URL=f"{exchange.url}/vpbx",
        REALTIME_SERVICE_URL=realtime.url, WEBHOOK_TOKEN=Realtime.TOKEN, S3_BUCKET_NAME="missing",
        S3_ENDPOINT=bucket.meta.endpoint_url, S3_ACCESS_KEY_ID="access", S3_SECRET_ACCESS_KEY="secret",
    ) as gateway:
        slowest = told(gateway, range(19))
        assert slowest < 1, f"an event waited {slowest:.2f} s for services of others"
        hurry(gateway)
        wait_for(lambda: all(row["attempts"] >= 1 and row["last_error"] for row in recordings(gateway)), 20, "refusals")
        assert realtime.requests and not realtime.events()
        bucket.create_bucket(Bucket="missing")
        realtime.is_away = False
        # The next attempts are looked for when another recording comes.
        hurry(gateway)
        told(gateway, [19])
        wait_for(lambda: {row["state"] for row in recordings(gateway)} == {"Downloaded"}, 60, "all recordings")
        assert len(bucket.list_objects_v2(Bucket="missing")["Contents"]) == 20
        wait_for(lambda: len([1 for name, _ in realtime.events() if name == "call-ended"]) == 20, 40, "all broadcasts")
        wait_for(lambda: len([1 for name, _ in realtime.events() if name == "call-updated"]) == 20, 10, "those of recordings")
        calls = [body["call"]["id"] for name, body in realtime.events() if name == "call-new"]
        assert len(calls) == len(set(calls)) == 20
        for call in calls:
            names = [name for name, _ in realtime.events(id=call)]
            assert names[0] == "call-new" and sorted(names) == ["call-ended", "call-new", "call-updated"]
    for server in (realtime, exchange):
        server.stop()


def test_broadcasts_wait_for_a_realtime_service_across_a_crash():
    realtime = Realtime()
    realtime.is_away = True
    with Gateway(
        AUTH_MODE="off", MANGO_OFFICE_API_KEY=KEY, MANGO_OFFICE_API_SALT=SALT, REALTIME_SERVICE_URL=realtime.url,
        WEBHOOK_TOKEN=Realtime.TOKEN,
    ) as gateway:

        def waiting():
            answer = gateway.request("GET", "/api/v1/admin/outbox?kind=realtime&limit=100", login="admin")
            return answer.json()["data"]["items"]

        told(gateway, range(5))
        wait_for(lambda: len(waiting()) == 10 and waiting()[0]["attempts"], 10, "the broadcasts to wait")
        assert {item["state"] for item in waiting()} == {"pending"} and Realtime.TOKEN not in str(waiting())
        gateway.kill()
        gateway.start()
        assert not realtime.events()
        realtime.is_away = False
        wait_for(lambda: len(realtime.events()) == 10, 30, "all broadcasts")
        for call in {body["call"]["id"] for _, body in realtime.events()}:
            assert [name for name, _ in realtime.events(id=call)] == ["call-new", "call-ended"]
        wait_for(lambda: waiting() == [], 5, "an empty outbox")
        # A token that is refused is no last word either: one of the two will be told the right one.
        realtime.token = "another"
        told(gateway, [5])
        wait_for(lambda: [item["lastError"] for item in waiting()][:1] == ["HTTP 401"], 10, "a refusal")
        realtime.token = Realtime.TOKEN
        gateway.wait_metric("realtime_broadcasts_total", 6, 30, event="call-ended", result="sent")
    realtime.stop()


def recordings(gateway):
    return gateway.stored("SELECT state, attempts, last_error FROM recordings")


def hurry(gateway):
    """The next attempts are due now."""
    path = next(gateway.folder.glob("*.db"))
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as store, store:
        store.execute("UPDATE recordings SET next_attempt_at = 0 WHERE state <> 'Downloaded'")


def told(gateway, numbers):
    """Calls with a recording each, all at once; answers how long the slowest event took."""

    def tell(number):
        teller = Teller(gateway, number, 1)
        teller.act(number)
        event = {"entry_id": f"entry-{number}-{number}", "timestamp": int(time.time()), "recording_id": f"rec-{number}"}
        answer = teller.post("POST", HOOK.replace("call", "record/added"), data=signed(event))
        assert answer.json()["message"] == "Recording queued for processing", answer.text
        return teller.slowest

    with ThreadPoolExecutor(10) as pool:
        return max(pool.map(tell, numbers))
