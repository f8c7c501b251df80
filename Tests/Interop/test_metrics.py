"""What /metrics shows: everything that is promised, from the start, and figures that are true."""

import gzip
import re
import signal
import socket
import subprocess
import time

import pytest
import requests
from gateway import Gateway, wait_for
from rawphone import RawPhone

# Name and the values that each label has before anything happened.
FROM_THE_START = {
    "http_requests_total": {}, "http_request_duration_seconds_count": {},
    "calls_total": {"direction": {"incoming", "outgoing", "internal"},
                    "status": {"initiated", "ringing", "answered", "completed", "failed", "busy", "no_answer"}},
    "call_duration_seconds_count": {"direction": {"incoming", "outgoing", "internal"}}, "active_calls": {},
    "webrtc_connections_total": {"status": {"connected", "failed", "disconnected"}}, "active_webrtc_connections": {},
    "webrtc_connection_duration_seconds_count": {}, "sip_requests_total": {"method": {"INVITE", "BYE", "REGISTER"}},
    "sip_request_duration_seconds_count": {"method": {"INVITE", "REGISTER"}, "side": {"client", "server"}},
    "errors_total": {"error_type": {"http", "sip_registration", "store"}}, "memory_usage_bytes": {},
    "cpu_usage_percent": {}, "mango_webhooks_total": {"kind": {"call", "summary"}, "result": {"accepted", "refused"}},
    "recordings_total": {"result": {"completed", "failed", "stored", "lost"}},
    "realtime_broadcasts_total": {"event": {"call-new"}, "result": {"sent", "failed"}}, "sip_registered_users": {},
    "rtp_packets_total": {"direction": {"in", "out"}, "kind": {"browser", "sip"}}, "otlp_spans_dropped_total": {},
    "process_start_time_seconds": {},
    # Media, and what there is room for.
    "rtp_bytes_total": {"direction": {"in", "out"}, "kind": {"browser", "sip"}}, "rtp_malformed_total": {},
    "rtp_send_failures_total": {}, "srtp_failures_total": {}, "media_transcoders": {}, "recordings_active": {},
    "rtp_port_pairs": {"state": {"used", "resting", "free"}}, "webrtc_port_legs": {"worker": {"0"}},
    "media_worker_busy_ratio": {"worker": {"0"}}, "media_worker_cpu_seconds_total": {"worker": {"0"}},
    "call_capacity": {}, "call_capacity_used_ratio": {}, "gateway_draining": {},
    "certificate_expiry_timestamp_seconds": {"certificate": {"tls", "dtls"}},
    # Signalling.
    "sip_retransmissions_total": {"direction": {"sent", "received"}, "message": {"request", "response"}},
    "sip_transactions": {}, "sip_dialogs": {}, "sip_registered_contacts": {}, "sip_timeouts_total": {},
    "sip_refused_total": {"reason": {"malformed", "authentication", "capacity"}}, "sip_dropped_total": {},
    # Loop, store, sockets, process, deliveries.
    "event_loop_lag_seconds_count": {}, "control_loop_actors": {"kind": {"call", "session"}},
    "control_loop_queue_length": {"queue": {"ready", "posted", "timers"}}, "control_loop_handles": {},
    "store_commit_seconds_count": {}, "store_read_seconds_count": {}, "store_reads_open": {}, "store_readers": {},
    "store_outbox_batches": {}, "store_outbox_mango_events_parked": {}, "store_pending_writes": {},
    "outbox_items": {"state": {"pending", "parked"}},
    "outbox_deliveries_total": {"kind": {"webhook"}, "result": {"delivered", "failed", "parked", "dropped"}},
    "sockets_connected": {"kind": {"websocket", "socketio", "sip"}}, "http_connections": {}, "http_websockets": {},
    "process_cpu_seconds_total": {}, "process_resident_memory_bytes": {}, "process_open_fds": {}, "process_max_fds": {},
    "otlp_exports_total": {"result": {"taken", "busy", "refused"}}, "otlp_spans_sent_total": {}, "otlp_spans_queued": {},
}


@pytest.fixture(scope="module")
def gateway():
    with Gateway(AUTH_MODE="off", MAX_CONCURRENT_CALLS=4, MEDIA_WORKERS=2) as running:
        yield running


def test_every_series_is_there_from_the_start(gateway):
    found = {}
    for name, labels in gateway.metrics():
        for label, value in labels:
            found.setdefault(name, {}).setdefault(label, set()).add(value)
        found.setdefault(name, {})
    missing = [name for name in FROM_THE_START if name not in found]
    assert missing == []
    for name, labels in FROM_THE_START.items():
        for label, values in labels.items():
            assert values <= found[name].get(label, set()), (name, label)


def test_a_queue_is_shown_before_anybody_called_it(gateway):
    gateway.add("queues", name="sales", extension="700")
    wanted = {"queue_waiting": {None}, "queue_wait_seconds_count": {None},
              "queue_calls_total": {"answered", "abandoned", "overflowed"}}

    def shown():
        found = {}
        for (name, labels), value in gateway.metrics().items():
            labels = dict(labels)
            if name in wanted and labels["queue"] == "sales":
                assert value == 0, (name, labels)
                found.setdefault(name, set()).add(labels.get("outcome"))
        return found

    wait_for(lambda: shown() == wanted, what="zeros of the queue")


def test_each_name_is_described_once_and_each_series_shown_once(gateway):
    text = requests.get(gateway.url("/metrics"), timeout=5).text
    heads = re.findall(r"^# TYPE (\S+)", text, re.M)
    assert len(heads) == len(set(heads)) and heads == re.findall(r"^# HELP (\S+)", text, re.M)
    series = [line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(series) == len(set(series)) and all('service="telephony-gateway"' in line for line in series)


def test_the_text_is_compressed_for_those_who_take_it(gateway):
    with requests.get(gateway.url("/metrics"), headers={"Accept-Encoding": "gzip"}, stream=True, timeout=5) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert b"active_calls" in gzip.decompress(answer.raw.read())
    plain = requests.get(gateway.url("/metrics"), headers={"Accept-Encoding": "identity"}, timeout=5)
    assert "Content-Encoding" not in plain.headers and "active_calls" in plain.text


def test_a_call_is_seen_in_capacity_ports_and_times(gateway):
    pairs = gateway.metric("rtp_port_pairs")
    assert gateway.metric("call_capacity") == 4 and gateway.metric("rtp_port_pairs", state="used") == 0
    with RawPhone(gateway, "1001", gateway.users["anna"][2]) as anna:
        anna.register()
        assert gateway.metric("sip_registered_contacts") == 1
        # A stranger is challenged without a transaction, which takes no time.
        assert gateway.metric("sip_requests_total", method="REGISTER") == 2
        assert gateway.metric("sip_request_duration_seconds_count", method="REGISTER", side="server") == 1
        anna.call("9196")
        assert gateway.metric("call_capacity_used_ratio") == 0.25 and gateway.metric("control_loop_actors", kind="call") == 1
        assert gateway.metric("rtp_port_pairs", state="used") == 1 and gateway.metric("sip_dialogs") >= 1
        assert gateway.metric("rtp_port_pairs") == pairs
        anna.hang_up()
    gateway.wait_metric("active_calls", 0)
    gateway.wait_metric("rtp_port_pairs", 1, state="resting")
    gateway.wait_metric("rtp_port_pairs", pairs, state="free")
    assert gateway.metric("sip_requests_total", method="INVITE", status="200") == 1
    assert gateway.metric("sip_request_duration_seconds_count", method="INVITE", side="server") >= 1
    assert gateway.metric("sip_request_duration_seconds_count", method="BYE", side="server") == 1


def test_what_is_sent_again_is_counted(gateway):
    again = lambda **labels: gateway.metric("sip_retransmissions_total", **labels)
    with RawPhone(gateway, "1001", gateway.users["anna"][2]) as anna, RawPhone(
            gateway, "1002", gateway.users["petr"][2]) as petr:
        anna.register()
        petr.register()
        received, sent = again(direction="received", message="request"), again(direction="sent", message="response")
        # One that lost the answer to its INVITE asks once more, and is answered until it acknowledges.
        anna.dial("9196")
        anna.wait_final("INVITE")
        anna.send_again()
        wait_for(lambda: again(direction="received", message="request") == received + 1, 5, "the repeated request")
        wait_for(lambda: again(direction="sent", message="response") >= sent + 1, 5, "the repeated answer")
        anna.take_dialog()
        anna.hang_up()
        # One that never answers is asked again.
        before = again(direction="sent", message="request")
        anna.dial("1002")
        wait_for(lambda: again(direction="sent", message="request") > before, 5, "a repeated request")


def test_sockets_and_connections_are_counted(gateway):
    with socket.create_connection(("127.0.0.1", gateway.port)) as idle:
        idle.send(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1 200")
        assert gateway.metric("http_connections") >= 2
    wait_for(lambda: gateway.metric("http_connections") == 1, 5, "the connection to be forgotten")


def test_the_certificate_that_is_shown_is_the_one_whose_end_is_told(tmp_path):
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
         key, "-out", chain, "-days", "10", "-subj", "/CN=house"], check=True, capture_output=True)
    with Gateway(TLS_CERT=str(chain), TLS_KEY=str(key)) as gateway:
        ends = gateway.metric("certificate_expiry_timestamp_seconds", certificate="tls")
        assert abs(ends - (time.time() + 10 * 86400)) < 60
        assert gateway.metric("certificate_expiry_timestamp_seconds", certificate="dtls") > time.time() + 86400


def test_a_gateway_that_is_to_end_says_so():
    with Gateway(AUTH_MODE="off", DRAIN_TIMEOUT_MS=20_000) as gateway:
        assert gateway.metric("gateway_draining") == 0
        with RawPhone(gateway, "1001", gateway.users["anna"][2]) as anna:
            anna.register()
            anna.call("9196")
            gateway.signal(signal.SIGTERM)
            gateway.wait_metric("gateway_draining", 1)
            anna.hang_up()
            assert gateway.wait() == 0
        gateway.process = None
