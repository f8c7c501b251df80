"""A PostgreSQL server that is not there yet, goes away, comes back, and is shared with others."""

import signal
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
import requests

sys.path.insert(0, str(Path(__file__).parent / "contract"))

from gateway import Gateway, free_port, wait_for
from postgres import Postgres
from rows import covers
from shapes import Service
from vendor import KEY, SALT, Story


@pytest.fixture(scope="module")
def server():
    with Postgres() as running:
        yield running


def lent(server, **environment):
    """A gateway that a test starts, with a database of its own, until the test is over; the server is up again then."""
    made = Gateway(AUTH_MODE="off", DATABASE_URL=server.make_database(), **environment)
    try:
        yield made
    finally:
        if open(f"{server.folder}/state").read().strip() != "up":
            server.start()
        if made.process is not None:
            made.stop()
        made.remove_folder()


@pytest.fixture
def gateway(server):
    """A gateway with a database of its own; the server may be stopped and is up again afterwards."""
    yield from lent(server)


def report(gateway, number):
    """A call reported by a client of document 002, from its begin to its end; answers its UUID."""
    body = {"caller_number": f"+7999{number:07}", "receiver_number": "1001", "channel_id": f"SIP/{number}"}
    made = gateway.request("POST", "/api/calls", json=body)
    assert made.status_code == 201, made.text
    uuid = made.json()["data"]["uuid"]
    noted = gateway.request("PUT", f"/api/calls/{uuid}/notes", json={"notes": f"note {number}"})
    assert noted.status_code == 200, noted.text
    assert gateway.request("PUT", f"/api/calls/{uuid}/end", json={}).status_code == 200
    return uuid


def readiness(gateway):
    try:
        return requests.get(gateway.url("/health/ready"), timeout=5)
    except requests.RequestException:
        return None


def wait_degraded(gateway, is_degraded, seconds=20):
    wait_for(lambda: ("degraded" in readiness(gateway).json()) == is_degraded, seconds, f"degraded to be {is_degraded}")


def stored_calls(gateway, prefix=""):
    return {str(row["uuid"]): row for row in gateway.stored("SELECT * FROM calls WHERE caller_number LIKE ?", f"{prefix}%")}


def assert_all_once(gateway, uuids):
    """Every call is written down, ended, with its one note."""
    rows = gateway.stored(
        "SELECT uuid, state, ended_at, (SELECT count(*) FROM call_notes WHERE call_pk = calls.id) AS notes FROM calls")
    assert sorted(str(row["uuid"]) for row in rows) == sorted(uuids)
    assert all(row["ended_at"] for row in rows)
    assert {row["notes"] for row in rows} == {1}


@covers("9.7 not ready")
def test_it_waits_for_a_server_that_is_not_there_yet():
    port = free_port()
    gateway = Gateway(DATABASE_URL=f"postgresql://tandem:s3cret@127.0.0.1:{port}/postgres")
    gateway.launch()
    try:
        answer = wait_for(lambda: [a for a in [readiness(gateway)] if a is not None], 10, "an answer")[0]
        assert answer.status_code == 503 and answer.json()["status"] == "not ready"
        assert requests.get(gateway.url("/health"), timeout=5).status_code == 200
        assert requests.get(gateway.url("/health/live"), timeout=5).status_code == 200
        detailed = requests.get(gateway.url("/health/detailed"), timeout=5)
        assert detailed.status_code == 503 and detailed.json()["checks"]["database"]["status"] == "error"
        refused = requests.post(gateway.url("/api/v1/calls"), json={}, timeout=5)
        assert refused.status_code == 503 and refused.json()["error"]["code"] == "DEPENDENCY_UNAVAILABLE"
        with Postgres(port):
            gateway.wait_until_ready()
            assert readiness(gateway).status_code == 200
            assert gateway.login("anna")["user"]["login"] == "anna"
            gateway.stop()
        assert "s3cret" not in "\n".join(gateway.output)
    finally:
        if gateway.process is not None:
            gateway.kill()
        gateway.remove_folder()


def test_stopped_while_it_waits_it_ends_in_good_order():
    gateway = Gateway(DATABASE_URL=f"postgresql://127.0.0.1:{free_port()}/x")
    gateway.launch()
    wait_for(lambda: readiness(gateway) is not None, 10, "an answer")
    gateway.signal(signal.SIGTERM)
    assert gateway.wait() == 0
    gateway.remove_folder()


def test_calls_go_on_while_the_server_is_away_and_are_written_once(server, gateway):
    gateway.start()
    uuids = [report(gateway, number) for number in range(3)]
    server.stop()
    uuids += [report(gateway, number) for number in range(3, 8)]
    wait_degraded(gateway, True)
    assert readiness(gateway).status_code == 200
    detailed = requests.get(gateway.url("/health/detailed"), timeout=5)
    assert detailed.status_code == 503 and detailed.json()["checks"]["database"]["status"] == "error"
    assert gateway.metric("store_up") == 0 and gateway.metric("store_outbox_batches") > 0
    refused = gateway.request("GET", "/api/v1/calls")
    assert refused.status_code == 503 and refused.json()["error"]["code"] == "DEPENDENCY_UNAVAILABLE"
    server.start()
    wait_degraded(gateway, False)
    uuids += [report(gateway, number) for number in range(8, 10)]
    wait_for(lambda: len(stored_calls(gateway)) == 10, 10, "all calls")
    gateway.stop()
    assert_all_once(gateway, uuids)


def test_nothing_is_lost_when_the_gateway_is_killed_during_an_outage(server, gateway):
    gateway.start()
    uuids = [report(gateway, number) for number in range(4)]
    server.kill()
    uuids += [report(gateway, number) for number in range(4, 10)]
    time.sleep(0.5)  # Writes gather for 100 ms.
    gateway.kill()
    assert readiness(gateway) is None
    server.start()
    gateway.start()
    wait_for(lambda: len(stored_calls(gateway)) == 10, 10, "all calls")
    uuids.append(report(gateway, 10))
    gateway.stop()
    assert_all_once(gateway, uuids)


@pytest.fixture
def exchanged(server):
    """A gateway that the Mango Office exchange posts its events to."""
    yield from lent(
        server, MANGO_OFFICE_API_KEY=KEY, MANGO_OFFICE_API_SALT=SALT,
        MANGO_API_URL=f"http://127.0.0.1:{free_port()}/vpbx")


def told(gateway):
    """What became of the exchange's events, in the order they were written."""
    return gateway.stored(
        "SELECT entry_id, kind, seq, applied, error, reply IS NOT NULL AS answered FROM mango_events ORDER BY id")


def entries(gateway):
    rows = gateway.stored("SELECT entry_id, state, duration FROM calls WHERE entry_id IS NOT NULL")
    return {row["entry_id"]: (row["state"], row["duration"]) for row in rows}


def assert_all_applied(gateway, stories):
    """Each event of these calls is there once, in its order, and each call is what its events say."""
    rows = told(gateway)
    for story in stories:
        events = [(row["kind"], row["seq"]) for row in rows if row["entry_id"] == story.entry]
        assert events == [("call", 1), ("call", 2), ("call", 3), ("summary", None)], events
    assert {(row["applied"], row["error"], row["answered"]) for row in rows} == {(True, None, True)}
    assert entries(gateway) == {story.entry: ("completed", 60) for story in stories}
    legs = gateway.stored("SELECT call_id, status, duration FROM mango")
    assert {leg["call_id"]: (leg["status"], leg["duration"]) for leg in legs} == {
        story.call: ("completed", 60) for story in stories}
    assert len(gateway.stored("SELECT id FROM calls")) == len(stories)


def test_events_of_the_exchange_are_taken_while_the_server_is_away(server, exchanged):
    service = Service(exchanged.start(), login=None)
    before, across, during, after = (Story(service) for _ in range(4))
    for story in (before, across):
        story.leg(1, "Appeared", 0)
        story.leg(2, "Connected", 5)
    before.leg(3, "Disconnected", 65, 1110)
    wait_for(lambda: entries(exchanged).get(before.entry) == ("completed", 60), 5, "the first call")
    server.stop()
    # The end of a call that lived, and a whole one, are answered as ever.
    assert across.leg(3, "Disconnected", 65, 1110)["data"]["duration"] == 60
    assert during.leg(1, "Appeared", 0)["message"] == "Call appeared"
    during.leg(2, "Connected", 5)
    live = exchanged.request("GET", "/api/calls/active").json()["calls"]
    assert during.client in [call["from"] for call in live if call["status"] == "answered"]
    during.leg(3, "Disconnected", 65, 1110)
    # Of a call that is over the record cannot be read: the last word waits.
    talked = {"talk_time": before.began + 5, "end_time": before.began + 65, "entry_result": 1}
    assert before.summary(**talked) == {"success": True, "message": "Event stored"}
    assert before.summary(**talked) == {"success": True, "message": "Event stored"}
    for story in (across, during):
        assert story.summary(**{**talked, "talk_time": story.began + 5, "end_time": story.began + 65})["success"] is True
    assert exchanged.metric("store_outbox_mango_events") == 7
    server.start()
    wait_degraded(exchanged, False)
    exchanged.wait_metric("store_outbox_mango_events", 0, 20)
    after.leg(1, "Appeared", 0)
    after.leg(2, "Connected", 5)
    after.leg(3, "Disconnected", 65, 1110)
    after.summary(talk_time=after.began + 5, end_time=after.began + 65, entry_result=1)
    # The same again is known.
    before.summary(**talked)
    assert exchanged.metric("mango_webhooks_total", kind="summary", result="repeated") == 2
    exchanged.stop()
    assert_all_applied(exchanged, [before, across, during, after])


def test_events_that_wait_survive_a_kill(server, exchanged):
    service = Service(exchanged.start(), login=None)
    stories = [Story(service) for _ in range(3)]
    server.kill()
    for story in stories:
        story.leg(1, "Appeared", 0)
        story.leg(2, "Connected", 5)
        story.leg(3, "Disconnected", 65, 1110)
        story.summary(talk_time=story.began + 5, end_time=story.began + 65, entry_result=1)
    recorded = Story(service)
    assert recorded.post("/events/record/added", {
        "entry_id": stories[0].entry, "recording_id": "MToxMDA=", "timestamp": recorded.began, "product_id": 1,
        "user_id": -1}).json() == {"success": True, "message": "Event stored"}
    time.sleep(0.5)  # Writes gather for 100 ms.
    exchanged.kill()
    server.start()
    exchanged.start()
    exchanged.wait_metric("store_outbox_mango_events", 0, 20)
    [recording] = exchanged.stored("SELECT call_pk, state FROM recordings WHERE recording_id = 'MToxMDA='")
    [call] = exchanged.stored("SELECT id FROM calls WHERE entry_id = ?", stories[0].entry)
    assert recording == {"call_pk": call["id"], "state": "Added"}
    exchanged.stop()
    with psycopg.connect(exchanged.database) as other:
        other.execute("DELETE FROM mango_events WHERE kind = 'record_added'")
    assert_all_applied(exchanged, stories)


def test_a_server_that_comes_and_goes_under_load_loses_nothing(server, gateway):
    gateway.start()
    uuids, is_over = [], threading.Event()

    def report_all():
        number = 0
        while not is_over.is_set():
            uuids.append(report(gateway, number))
            number += 1

    reporting = threading.Thread(target=report_all)
    reporting.start()
    for end in (server.stop, server.kill, server.stop):
        time.sleep(0.4)
        end()
        time.sleep(0.4)
        server.start()
        wait_degraded(gateway, False)
    is_over.set()
    reporting.join()
    wait_for(lambda: len(stored_calls(gateway)) == len(uuids), 10, "all calls")
    gateway.stop()
    assert_all_once(gateway, uuids)


def test_a_directory_changed_by_plain_sql_is_followed(gateway):
    gateway.start()
    with psycopg.connect(gateway.database) as other:
        other.execute("INSERT INTO phones (number, rk, city) VALUES ('+74951234567', 'РК1', 'Москва')")
        other.execute("INSERT INTO users (id, login, name, role) VALUES (77, 'vera', 'Вера', 'operator')")
        other.execute("INSERT INTO user_phones (user_id, phone_number) VALUES (77, '8 (999) 888-77-66')")

    def assigned():
        body = {"caller_number": "+79990000001", "receiver_number": "+79998887766"}
        return gateway.request("POST", "/api/calls", json=body).json()["data"]["assigned_user_id"]

    wait_for(lambda: assigned() == 77, 10, "calls of the new number to be Vera's")
    # The sequence has followed: the next user gets a number that is free.
    assert gateway.add("users", login="next", password="long-enough-1")["id"] > 77


def test_calls_inserted_by_plain_sql_have_numbers_of_their_own(gateway):
    gateway.start()
    with psycopg.connect(gateway.database) as other:
        [number] = other.execute(
            """
            INSERT INTO calls (source, direction, state, caller_number, receiver_number, started_at, ended_at)
            VALUES ('manual', 'incoming', 'completed', '8 (912) 345-67-89', '1001', now(), now()) RETURNING id
            """).fetchone()
    shown = gateway.request("GET", f"/api/v1/calls/{number}?view=records").json()["data"]
    assert shown["uuid"]
    uuid = report(gateway, 1)
    [found] = gateway.request("GET", "/api/v1/calls/by-phone/+79123456789?view=records").json()["data"]
    assert found["uuid"] == shown["uuid"]
    own = wait_for(lambda: stored_calls(gateway).get(uuid), 5, "the call")
    assert own["id"] != number


def test_commands_use_the_server_too(gateway):
    gateway.start()
    added = gateway.run("user", "list")
    assert added.returncode == 0 and "anna" in added.stdout
    unreachable = Gateway(DATABASE_URL=f"postgresql://u:s3cret@127.0.0.1:{free_port()}/x")
    refused = unreachable.run("user", "list")
    assert refused.returncode == 71 and refused.stderr.startswith("tandem: DATABASE_URL: ")
    assert "s3cret" not in refused.stderr
    unreachable.remove_folder()


def test_a_gateway_that_starts_leaves_the_calls_of_another_alone(gateway):
    gateway.start()
    body = {"caller_number": "+79990000001", "receiver_number": "1001", "channel_id": "SIP/1"}
    number = gateway.request("POST", "/api/calls", json=body).json()["data"]["id"]
    ended = lambda of: of.request("GET", f"/api/calls/{number}").json()["data"]["ended_at"]
    second = Gateway(AUTH_MODE="off", DATABASE_URL=gateway.environment["DATABASE_URL"])
    try:
        second.start()
        assert ended(second) is None
        assert ended(gateway) is None
        # The one whose call it is closes it when it comes back.
        gateway.kill()
        assert ended(second) is None
        gateway.start()
        assert ended(second) is not None
        second.stop()
    finally:
        if second.process is not None:
            second.kill()
        second.remove_folder()


def test_everything_is_copied_from_engine_to_engine(server, tmp_path):
    small = Gateway(AUTH_MODE="off")
    try:
        small.start()
        small.add("trunks", name="carrier", targets=[{"host": "192.0.2.1"}],
                  credentials=[{"username": "u", "password": "trunk-secret", "registers": False}])
        uuids = [report(small, number) for number in range(5)]
        wait_for(lambda: len(stored_calls(small)) == 5, 5, "the calls")
        small.stop()
        embedded, url = f"sqlite:{small.folder}/tandem.db", server.make_database()
        copied = small.run("db", "copy", embedded, url)
        assert copied.returncode == 0 and "calls 5" in copied.stdout.splitlines(), copied.stderr
        again = small.run("db", "copy", embedded, url)
        assert again.returncode == 71 and "empty database" in again.stderr
        back = small.run("db", "copy", url, f"sqlite:{tmp_path}/back.db")
        assert sorted(back.stdout.splitlines()) == sorted(copied.stdout.splitlines()), back.stderr
        small.environment["DATABASE_URL"] = url
        status = small.run("db", "status")
        assert "the newest" in status.stdout and "  call_notes 5" in status.stdout.splitlines()
        small.start()
        assert_all_once(small, uuids)
        assert [trunk["name"] for trunk in small.request("GET", "/api/v1/admin/trunks", login="admin").json()["data"]] == ["carrier"]
        report(small, 5)
        assert small.add("users", login="later", password="long-enough-1")["id"] > 3
        small.stop()
    finally:
        if small.process is not None:
            small.kill()
        small.remove_folder()


def test_the_tables_of_another_service_are_taken_over(server, tmp_path):
    """The call service's operators, and the tables as document 001 fills them."""
    source = server.make_database()
    with psycopg.connect(source) as old:
        old.execute("""
            CREATE TABLE callcentre_operator (id serial PRIMARY KEY, name text, login text, status text, city text);
            CREATE TABLE phones (id serial PRIMARY KEY, number varchar(20) UNIQUE, rk varchar, city varchar);
            CREATE TABLE calls (id serial PRIMARY KEY, rk text, city text, phone_client text, phone_ats text,
                date_create timestamptz, operator_id int, status text, call_id text, duration int);
            INSERT INTO callcentre_operator (id, name, login, status, city) VALUES (12, 'Вера', 'vera', 'active', 'Москва');
            INSERT INTO phones (number, rk, city) VALUES
                ('+74951234567', 'РК1', 'Москва'), ('+78121234567', 'РК2', 'Санкт-Петербург');
            INSERT INTO calls (rk, city, phone_client, phone_ats, date_create, operator_id, status, call_id, duration)
                VALUES ('РК1', 'Москва', '79991234567', '74951234567', '2025-11-08 15:00:00+03', 12, 'answered', 'MTox', 120),
                ('РК1', 'Москва', '79991234568', '74951234567', '2025-11-08 15:00:00+03', 12, 'strange', 'MToy', NULL);
            """)
    with_both = [Gateway(AUTH_MODE="off"), Gateway(AUTH_MODE="off", DATABASE_URL=server.make_database())]
    for gateway in with_both:
        first = gateway.run("db", "import", source)
        assert first.returncode == 0, first.stderr
        assert first.stdout.splitlines() == [
            "callcentre_operator: taken 1, there already 0, skipped 0",
            "phones: taken 2, there already 0, skipped 0",
            "calls: taken 1, there already 0, skipped 1",
            "  skipped 2: status is none of answered, missed, busy, no_answer",
            "mango is not there",
        ]
        again = gateway.run("db", "import", source).stdout.splitlines()
        assert [line.split(", skipped")[0] for line in again if "taken" in line] == [
            "callcentre_operator: taken 0, there already 1", "phones: taken 0, there already 2",
            "calls: taken 0, there already 1"]
        with gateway:
            call = gateway.request("GET", "/api/v1/calls/1?view=records").json()["data"]
            assert (call["callId"], call["status"], call["duration"]) == ("MTox", "answered", 120)
            assert call["dateCreate"] == "2025-11-08T12:00:00.000Z" and call["operator"]["name"] == "Вера"
            assert (call["operatorId"], call["rk"], call["city"]) == (12, "РК1", "Москва")
            assert report(gateway, 1)
    refused = Gateway()
    for words, status in ((["sqlite:x.db"], 64), ([f"postgresql://u:s3cret@127.0.0.1:{free_port()}/x"], 71)):
        ended = refused.run("db", "import", *words)
        assert ended.returncode == status and "s3cret" not in ended.stderr, ended.stderr
    assert refused.run("db", "import", server.make_database()).returncode == 1
    refused.remove_folder()
