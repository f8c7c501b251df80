"""Traces by OTLP: what a call leaves at a collector over both transports."""

import asyncio
import contextlib
import sqlite3
import time
from pathlib import Path

import pytest
from bucket import s3_bucket
from gateway import Gateway, wait_for
from otlpreceiver import QUICK, GRPCReceiver, HTTPReceiver
from peers import Peer, PlainSocket
from rawphone import RawPhone
from traffic import Service
from vendor import KEY, SALT, Exchange, Story

PARENT_TRACE, PARENT_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{PARENT_TRACE}-{PARENT_SPAN}-01"


@pytest.fixture(scope="module", params=[GRPCReceiver, HTTPReceiver], ids=["gRPC", "HTTP"])
def traced(request):
    """A collector of each kind and a gateway that knows it."""
    with request.param() as receiver:
        with Gateway(
            AUTH_MODE="required", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.port}",
            OTEL_EXPORTER_OTLP_PROTOCOL=receiver.protocol, OTEL_EXPORTER_OTLP_HEADERS="x-key=a%20secret",
            OTEL_EXPORTER_OTLP_COMPRESSION="gzip", OTEL_SERVICE_NAME="test-gateway",
            OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test,service.name=not-this", **QUICK,
        ) as gateway:
            yield gateway, receiver


def talk(gateway, seconds=0.6):
    """Anna's page calls Petr's phone, which rings for a moment, takes the call and says nothing; answers the call."""

    async def run():
        with RawPhone(gateway, "1002", gateway.users["petr"][2]) as petr:
            await asyncio.to_thread(petr.register)
            async with PlainSocket(gateway, token=gateway.token("anna")) as anna, Peer(440) as peer:
                await anna.wait("authenticated")
                answer = await asyncio.to_thread(
                    gateway.request, "POST", "/api/v1/calls", login="anna", headers={"traceparent": PARENT},
                    json={"phoneNumber": "1002", "direction": "outgoing"})
                made = answer.json()["data"]
                await anna.emit("join-call", {"callId": made["id"]})
                await anna.wait("joined-call")
                await anna.emit("offer", {"callId": made["id"], "sdp": await peer.offer()})
                invite = await asyncio.to_thread(petr.wait_request, "INVITE")
                petr.respond(invite, 180, "Ringing")
                await asyncio.sleep(0.4)
                petr.respond(invite, 200, "OK", petr.sdp)
                await asyncio.to_thread(petr.wait_request, "ACK")
                await peer.accept((await anna.wait("answer"))["sdp"])
                await anna.wait("call:answered")
                await asyncio.sleep(seconds)
                await anna.emit("leave-call", {})
                petr.respond(await asyncio.to_thread(petr.wait_request, "BYE"), 200, "OK")
            return made, invite

    return asyncio.run(run())


def test_a_call_is_one_trace(traced):
    gateway, receiver = traced
    before = time.time()
    made, invite = talk(gateway)
    uuid = gateway.call(made["id"])["uuid"] if "uuid" not in made else made["uuid"]
    call = receiver.wait("call", **{"call.id": uuid})
    after = time.time()
    spans = wait_for(lambda: (t := receiver.trace(call)) and "POST /api/v1/calls" in t and t, 10, "the request's span")
    assert call.resource["service.name"] == "test-gateway" and call.resource["service.version"] == "1.0.0"
    assert call.resource["deployment.environment.name"] == "test"
    # The request that made the call goes on with its client's trace, and the call with the request's.
    request = spans["POST /api/v1/calls"][0]
    assert (request.trace, request.parent, request.kind) == (PARENT_TRACE, PARENT_SPAN, 2)
    assert request.attributes["http.request.method"] == "POST" and request.attributes["http.route"] == "/api/v1/calls"
    assert request.attributes["http.response.status_code"] == 201
    assert call.parent == request.id
    assert call.attributes["call.direction"] == "outgoing" and call.attributes["call.state"] == "completed"
    assert call.attributes["sip.call_id"] == invite["call-id"]
    # Nobody said that it should.
    assert "traceparent" not in str(invite.headers)
    # Its parts.
    for name in ("sip INVITE", "call.ringing", "call.answer", "media.bridge", "webrtc.offer", "webrtc.ice",
                 "webrtc.dtls", "media.first_packet", "call.teardown"):
        assert name in spans, sorted(spans)
        for span in spans[name]:
            assert span.parent == call.id, name
            assert call.start <= span.start <= span.end <= call.end, name
    assert before - 0.05 <= call.start and call.end <= after + 0.05
    ours = spans["sip INVITE"][0]
    assert ours.kind == 3 and ours.attributes["sip.call_id"] == invite["call-id"]
    assert ours.attributes["leg.id"].startswith(uuid) and ours.attributes["sip.status"] == 200
    assert ours.events == ["ringing"] and 0.3 < ours.end - ours.start < 3
    ringing, bridge = spans["call.ringing"][0], spans["media.bridge"][0]
    assert 0.3 < ringing.end - ringing.start < 3
    assert 0.5 < bridge.end - bridge.start < 3
    ice, dtls = spans["webrtc.ice"][0], spans["webrtc.dtls"][0]
    assert ice.end == dtls.start and dtls.end - dtls.start < 2 and dtls.status == 0
    with receiver.lock:
        metadata = {key.lower(): value for key, value in receiver.headers[-1].items()}
    assert metadata["x-key"] == "a secret"


def test_reads_of_the_store_belong_to_the_request(traced):
    gateway, receiver = traced
    parent = f"00-{PARENT_TRACE[::-1]}-{PARENT_SPAN}-01"
    for _ in range(2):
        answer = gateway.request("GET", "/api/v1/calls", login="admin", headers={"traceparent": parent})
        assert answer.status_code == 200
    request = receiver.wait("GET /api/v1/calls", **{"http.route": "/api/v1/calls"})
    query = receiver.wait("db.query")
    spans = receiver.trace(receiver.named("GET /api/v1/calls")[-1])
    assert {span.parent for span in spans["db.query"]} <= {span.id for span in spans["GET /api/v1/calls"]}
    assert query.attributes["db.system.name"] == "sqlite" and request.end >= request.start


def test_the_record_of_a_call_that_is_over_may_be_changed(traced):
    """What follows a write is told on the loop, traced or not."""
    gateway, _ = traced
    record = {"phoneClient": "79990001122", "callId": f"T{id(traced)}", "status": "answered"}
    made = gateway.request("POST", "/api/v1/calls", login="admin", json=record)
    assert made.status_code == 201, made.text
    path = f"/api/v1/calls/{made.json()['data']['id']}"
    ended = gateway.request("POST", f"{path}/end", login="admin", json={"duration": 12})
    assert ended.status_code == 200, ended.text
    assert gateway.request("PATCH", f"{path}/status", login="admin", json={"status": "missed"}).status_code < 500
    assert gateway.request("GET", "/health").status_code == 200


def test_what_others_do_not_record_is_not_recorded(traced):
    gateway, receiver = traced
    parent = f"00-{'5' * 32}-{PARENT_SPAN}-00"
    gateway.request("GET", "/api/v1/calls", login="admin", headers={"traceparent": parent})
    gateway.request("GET", "/api/v1/queues", login="admin")
    receiver.wait("GET /api/v1/queues")
    with receiver.lock:
        assert not [span for span in receiver.spans if span.trace == "5" * 32]
        assert not [span for span in receiver.spans if "/health" in span.name]


# In the header of INVITEs


CUSTOMERS = "127.0.0.3"


@pytest.fixture(scope="module")
def carried():
    """A collector, a gateway that has the trace in a header, and a phone there."""
    with HTTPReceiver() as receiver:
        with Gateway(
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.port}", SIP_TRACE_HEADER="X-Traceparent", **QUICK,
        ) as gateway:
            gateway.add("trunks", name="customers", targets=[{"host": CUSTOMERS, "port": 5060}],
                        sourceNetworks=[f"{CUSTOMERS}/32"], keepAliveSeconds=None)
            with RawPhone(gateway, "1002", gateway.users["petr"][2]) as petr:
                yield gateway, receiver, petr.register()


def test_a_trunk_says_which_trace_its_call_belongs_to_and_phones_are_told(carried):
    gateway, receiver, petr = carried
    with RawPhone(gateway, "carrier", address=CUSTOMERS) as trunk:
        trunk.invite("1002", [("X-Traceparent", PARENT)])
        invite = petr.wait_request("INVITE")
        petr.respond(invite, 486, "Busy Here")
        assert trunk.refused().status == 486
    call = receiver.wait("call", **{"sip.call_id": trunk.messages[-1]["call-id"]})
    assert (call.trace, call.parent) == (PARENT_TRACE, PARENT_SPAN)
    assert invite["x-traceparent"] == f"00-{PARENT_TRACE}-{call.id}-01"


@pytest.mark.parametrize("text", ["00-0-0-01", f"00-{'0' * 32}-{PARENT_SPAN}-01", "x" * 2000])
def test_what_is_no_trace_begins_a_new_one(carried, text):
    gateway, receiver, petr = carried
    with RawPhone(gateway, "carrier", address=CUSTOMERS) as trunk:
        trunk.invite("1002", [("X-Traceparent", text)])
        petr.respond(petr.wait_request("INVITE"), 486, "Busy Here")
        trunk.refused()
    call = receiver.wait("call", **{"sip.call_id": trunk.messages[-1]["call-id"]})
    assert call.parent == "" and call.trace != PARENT_TRACE


def test_a_phone_does_not_say_which_trace_its_call_belongs_to(carried):
    gateway, receiver, _ = carried
    other = f"00-{'7' * 32}-{PARENT_SPAN}-01"
    with RawPhone(gateway, "1001", gateway.users["anna"][2]) as anna:
        anna.register()
        talking = anna.call("9196", [("X-Traceparent", other)])
        anna.hang_up()
    call = receiver.wait("call", **{"sip.call_id": talking["call-id"]})
    assert call.parent == "" and call.trace != "7" * 32


@pytest.mark.parametrize("name", ["Via", "X-", "X-Trace parent", "traceparent2"])
def test_only_a_field_that_is_nobody_elses_can_carry_it(name):
    with pytest.raises(AssertionError, match="SIP_TRACE_HEADER"):
        Gateway(SIP_TRACE_HEADER=name).start()


# What is asked of the exchange


def test_events_and_recordings_of_the_exchange_are_traced():
    with contextlib.ExitStack() as stack:
        receiver = stack.enter_context(HTTPReceiver())
        exchange = Exchange()
        stack.callback(exchange.stop)
        bucket = stack.enter_context(s3_bucket())
        gateway = stack.enter_context(Gateway(
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.port}", MANGO_OFFICE_API_KEY=KEY,
            MANGO_OFFICE_API_SALT=SALT, MANGO_API_URL=f"{exchange.url}/vpbx", S3_BUCKET_NAME="calls",
            S3_ENDPOINT=bucket.meta.endpoint_url, S3_ACCESS_KEY_ID="access", S3_SECRET_ACCESS_KEY="secret", **QUICK))
        story = Story(Service(gateway))
        story.leg(1, "Appeared", 0)
        story.leg(2, "Connected", 5)
        story.leg(3, "Disconnected", 65, 1110)
        webhook = receiver.wait("mango.webhook", **{"mango.call_id": story.call})
        requests = lambda: [span for span in list(receiver.spans) if span.id == webhook.parent]
        request = wait_for(requests, 5, "the request's span")[0]
        assert request.name.startswith("POST /api/v1/webhook/") and request.trace == webhook.trace
        assert request.start <= webhook.start <= webhook.end <= request.end
        assert webhook.attributes["mango.event"] == "call" and webhook.attributes["mango.entry_id"] == story.entry
        recording = f"MToxMDA/{story.call}"
        story.post("/events/record/added", {
            "entry_id": story.entry, "product_id": 1, "user_id": -1, "timestamp": story.began + 70,
            "recording_id": recording})
        hurry(gateway, recording)
        download = receiver.wait("recording.download", **{"recording.id": recording})
        assert download.attributes["attempt"] == 1 and download.kind == 3 and download.status == 0
        assert download.attributes["mango.call_id"] == story.call and download.end > download.start
        assert bucket.list_objects_v2(Bucket="calls")["KeyCount"] == 1


def hurry(gateway, recording):
    """The next attempt to fetch a recording is due now."""
    wait_for(lambda: gateway.stored("SELECT 1 FROM recordings WHERE recording_id = ?", recording), 5, "the recording")
    with contextlib.closing(sqlite3.connect(next(Path(gateway.folder).glob("*.db")), timeout=10)) as store, store:
        store.execute("UPDATE recordings SET next_attempt_at = 0 WHERE recording_id = ?", (recording,))
