"""Collectors of traces: which are trusted, what a bad one costs calls, and what a good one gets in the end."""

import subprocess
import time

import grpc
import pytest
from gateway import Gateway, wait_for
from otlpreceiver import QUICK, GRPCReceiver, HTTPReceiver, slow
from rawphone import RawPhone

# Over TLS


def identity(folder, name):
    """The paths of a new key and its certificate."""
    key, chain = folder / f"{name}.key", folder / f"{name}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
         key, "-out", chain, "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True)
    return key, chain


@pytest.mark.parametrize("kind", [GRPCReceiver, HTTPReceiver], ids=["gRPC", "HTTP"])
def test_spans_go_over_tls_to_a_collector_that_is_trusted_and_to_no_other(kind, tmp_path):
    good, stranger = identity(tmp_path, "collector"), identity(tmp_path, "stranger")
    for shown, arrives in ((good, True), (stranger, False)):
        with kind(identity=shown) as receiver, Gateway(
                AUTH_MODE="off", OTEL_EXPORTER_OTLP_ENDPOINT=f"https://127.0.0.1:{receiver.port}",
                OTEL_EXPORTER_OTLP_PROTOCOL=receiver.protocol, OTEL_EXPORTER_OTLP_CERTIFICATE=str(good[1]),
                OTEL_BSP_MAX_QUEUE_SIZE=5, **QUICK) as gateway:
            for _ in range(1 if arrives else 20):
                gateway.request("GET", "/api/v1/conferences")
            if arrives:
                assert receiver.wait("GET /api/v1/conferences").attributes["http.response.status_code"] == 200
            else:
                wait_for(lambda: gateway.metric("otlp_spans_dropped_total") > 0, 10, "spans to be dropped")
                assert receiver.requests == 0 and gateway.metric("otlp_spans_sent_total") == 0


# A collector that does not do its part


def busy(receiver):
    receiver.answer = lambda: 503 if receiver.protocol != "grpc" else grpc.StatusCode.UNAVAILABLE


def refusing(receiver):
    receiver.answer = lambda: 400 if receiver.protocol != "grpc" else grpc.StatusCode.INVALID_ARGUMENT


def sleeping(receiver):
    receiver.answer = slow(30)


def down(receiver):
    receiver.stop()
    receiver.stop = lambda: None


@pytest.mark.parametrize("fault", [busy, refusing, sleeping, down], ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("kind", [GRPCReceiver, HTTPReceiver], ids=["gRPC", "HTTP"])
def test_a_bad_collector_costs_no_call(kind, fault):
    with kind() as receiver:
        fault(receiver)
        with Gateway(
            AUTH_MODE="off", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.port}",
            OTEL_EXPORTER_OTLP_PROTOCOL=receiver.protocol, OTEL_BSP_MAX_QUEUE_SIZE=50,
            OTEL_BSP_MAX_EXPORT_BATCH_SIZE=10, **QUICK,
        ) as gateway, RawPhone(gateway, "1001", gateway.users["anna"][2]) as anna:
            anna.register()
            for _ in range(200):
                gateway.request("GET", "/api/v1/conferences")
            begun = time.monotonic()
            anna.call("9196")
            took = time.monotonic() - begun
            anna.hang_up()
            assert took < 0.5, "the call was delayed"
            wait_for(lambda: gateway.metric("otlp_spans_dropped_total") >= 140, 10, "spans to be dropped")
            assert gateway.metric("otlp_spans_queued") <= 60
            assert gateway.metric("otlp_spans_sent_total") == 0
            stopping = time.monotonic()
        assert time.monotonic() - stopping < 5, "the end of the program was delayed"


def test_a_collector_that_was_busy_gets_the_spans_later():
    with HTTPReceiver() as receiver:
        receiver.answer, receiver.retry_after = lambda: 429, 2
        with Gateway(
            AUTH_MODE="off", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.port}", **QUICK,
        ) as gateway:
            gateway.request("GET", "/api/v1/conferences")
            wait_for(lambda: receiver.requests == 1, 5, "the first attempt")
            refused = time.monotonic()
            receiver.answer = lambda: None
            receiver.wait("GET /api/v1/conferences")
            assert 1.9 < time.monotonic() - refused < 4, "Retry-After is kept"
            gateway.wait_metric("otlp_spans_dropped_total", 0)
            assert gateway.metric("otlp_exports_total", result="busy") == 1


def test_the_last_spans_are_sent_when_the_program_ends():
    with HTTPReceiver() as receiver:
        with Gateway(
            AUTH_MODE="off", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.port}",
            OTEL_BSP_SCHEDULE_DELAY=60_000,
        ) as gateway:
            gateway.request("GET", "/api/v1/conferences")
            assert not receiver.spans
        assert receiver.named("GET /api/v1/conferences")


def test_nothing_is_traced_when_it_is_switched_off_or_nobody_is_there():
    with HTTPReceiver() as receiver:
        with Gateway(
            AUTH_MODE="off", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.port}",
            OTEL_SDK_DISABLED="true", **QUICK,
        ) as gateway:
            gateway.request("GET", "/api/v1/conferences")
            assert not [name for name, _ in gateway.metrics() if name.startswith("otlp_")]
        assert receiver.requests == 0
