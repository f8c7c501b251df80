"""Document 001, the webhook of a CRM at the Mango exchange: its environment, its table, its events, its answers."""

import json

import pytest
from gateway import wait_for
from printed import Replay
from rows import covers
from shapes import Service, unauthorized
from world import Deployment, environment

LINES = {"+7XXXXXXXXXX": "+74950000001", "+7YYYYYYYYYY": "+78120000002"}
# What ends a call with each of the statuses that the document names.
ENDINGS = {
    "answered": {"duration": 120}, "missed": {}, "busy": {"disconnect_reason": "busy"},
    "no_answer": {"disconnect_reason": "no_answer"},
}


@pytest.fixture(scope="module")
def service(world):
    with Deployment(world, environment("001")) as program:
        yield Service(program, login=None)


@covers("9.7 document 001")
@pytest.mark.interface
def test_what_the_document_prints_is_answered(service):
    with Replay("001", {}).to_the_end() as replay:
        example = replay.take(place="Настройка номеров телефонов")
        sql = example["sql"]
        for printed, number in LINES.items():
            sql = sql.replace(printed, number)
        service.sql(sql.rstrip(";"))
        a_call(service, replay)
        for status, ending in ENDINGS.items():
            a_status(service, replay, status, ending)
        request = "GET /api/webhooks/mango/settings"
        example = replay.take(request=request)
        replay.compare(request, service.ask("GET", request.split()[1]), example["answer"])
        # Whoever is no program on this machine needs a token.
        unauthorized(service, "GET", request.split()[1])
        for path in replay.take(place="Логи")["files"]:
            assert (service.gateway.folder / path).exists(), path


def event_of(example, status, number, **fields):
    """The printed event with one of the words that it gives to choose from, and the printed line made a number."""
    body = {key: value for key, value in example["body"].items() if key not in ("duration", "record_url", "disconnect_reason")}
    lines = {key: LINES.get(value, value) for key, value in body.items() if isinstance(value, str)}
    return {
        **body, **lines, "from": f"+7916000{number:04}", "to": LINES["+7XXXXXXXXXX"], "call_id": f"unique-{number}",
        "entry_id": f"entry-{number}", "direction": "in", "status": status, "vpbx_api_id": "your_api_id",
        "vpbx_api_key": "your_api_key", "timestamp": example["body"]["timestamp"], **fields,
    }


def told(service, example, body):
    """The exchange posts an event; the answer is what the document prints, to the byte."""
    answer = service.raw("POST", "/api/webhooks/mango", login=None, json=body)
    assert answer.status_code == 200 and answer.json() == example["answer"], answer.text
    assert answer.text == json.dumps(example["answer"], separators=(",", ":"))


def a_call(service, replay):
    """From its start to its end, as it is in the exchange's table each time."""
    example = replay.take(request="POST /api/webhooks/mango")
    for second, word in ((0, "start"), (5, "answer"), (125, "end")):
        more = {"duration": example["body"]["duration"]} if word == "end" else {}
        told(service, example, event_of(
            example, word, 1, timestamp=example["body"]["timestamp"] + second, **more))
        [row] = service.gateway.stored("SELECT * FROM mango WHERE call_id = 'unique-1'")
        assert row["status"] == replay.take(webhook=word)["status"]
    [row] = service.gateway.stored("SELECT * FROM mango WHERE call_id = 'unique-1'")
    assert (row["direction"], row["duration"]) == ("in", example["body"]["duration"])
    record = record_of(service, 1, "answered")
    assert (record["rk"], record["city"]) == ("РК1", "Москва")
    assert record["duration"] == example["body"]["duration"] and record["operatorId"] is not None


def a_status(service, replay, status, ending):
    replay.take(record=status)
    example = next(one for one in replay.examples if one.get("request") == "POST /api/webhooks/mango")
    number = 10 + list(ENDINGS).index(status)
    told(service, example, event_of(example, "start", number))
    told(service, example, event_of(example, "end", number, **ending))
    record_of(service, number, status)


def record_of(service, number, status):
    def found():
        calls = service.ask("GET", f"/api/v1/calls/by-phone/+7916000{number:04}", params={"view": "records"})["data"]
        return next((call for call in calls if call["status"] == status and call["duration"] is not None), None)

    return wait_for(found, 5, f"a record that is {status}")
