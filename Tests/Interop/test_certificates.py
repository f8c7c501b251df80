"""SIGHUP takes new certificates: whoever connects is shown the new one, whoever is connected notices nothing."""

import http.client
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest
from gateway import Gateway, wait_for
from phone import Phone
from records import newest_call, wait_ended


def write_certificate(folder, name, days=2):
    """A certificate and its key, at the places where the gateway looks."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
         folder / "key.pem", "-out", folder / "certificate.pem", "-days", str(days), "-subj", f"/CN={name}"],
        check=True, capture_output=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("certificates")
    write_certificate(made, "first.example")
    return made


@pytest.fixture(scope="module")
def gateway(folder):
    made = Gateway(TLS_CERT=folder / "certificate.pem", TLS_KEY=folder / "key.pem")
    made.environment["HTTPS_PORT"] = str(made.port + 3)
    # A level in .env counts.
    del made.environment["LOG_LEVEL"]
    with made as running:
        yield running


def shown(port):
    """The certificate that a new connection is shown."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 5) as plain, context.wrap_socket(plain) as secured:
        return secured.getpeercert(binary_form=True)


def names(gateway):
    """The name in what HTTPS and SIP over TLS show."""
    certificates = [shown(gateway.port + 3), shown(gateway.tls_port)]
    return [name for der in certificates for name in ("first", "second") if f"{name}.example".encode() in der]


def expiry(gateway):
    """When the certificate ends that is shown, as monitoring is told."""
    return gateway.metric("certificate_expiry_timestamp_seconds", certificate="tls")


def reload(gateway, sentence):
    """SIGHUP; waits until the gateway has said what came of it."""
    before = len(gateway.output)
    gateway.signal(signal.SIGHUP)
    wait_for(lambda: any(sentence in line for line in gateway.output[before:]), 10, sentence)


def test_a_call_over_tls_lives_on_while_others_are_shown_the_new_certificate(gateway, folder):
    assert names(gateway) == ["first", "first"]
    context = ssl._create_unverified_context()
    client = http.client.HTTPSConnection("127.0.0.1", gateway.port + 3, context=context, timeout=5)
    client.connect()
    same = client.sock

    def is_served():
        client.request("GET", "/health/live")
        return client.getresponse().read() and client.sock is same

    assert is_served()
    with Phone(gateway, "1001", transport="tls", encryption="srtp-mand") as anna:
        gateway.wait_metric("sip_registered_users", 1)
        anna.dial("9196")
        anna.wait_talking()
        record = newest_call(gateway)
        until = expiry(gateway)
        write_certificate(folder, "second.example", days=9)
        reload(gateway, "the certificate was read again")
        assert names(gateway) == ["second", "second"]
        assert abs(expiry(gateway) - until - 7 * 86_400) < 600, "the metric is of the certificate that is shown"
        assert is_served()
        before = len(anna.packets())
        time.sleep(1.5)
        assert len(anna.packets()) - before > 50
        # The BYE goes by the connection that was made under the first certificate.
        anna.hang_up()
        anna.wait_closed()
        row = wait_ended(gateway, record["uuid"])
        assert (row["state"], row["end_reason"]) == ("completed", "caller_hangup")
    client.close()


@pytest.mark.parametrize("damage", ["no certificate", "another key", "gone"])
def test_files_that_cannot_be_used_change_nothing(gateway, folder, damage):
    write_certificate(folder, "second.example")
    reload(gateway, "the certificate was read again")
    if damage == "no certificate":
        (folder / "certificate.pem").write_text("not PEM")
    elif damage == "another key":
        certificate = (folder / "certificate.pem").read_bytes()
        write_certificate(folder, "first.example")
        (folder / "certificate.pem").write_bytes(certificate)
    else:
        (folder / "key.pem").unlink()
    reload(gateway, "the certificate cannot be used, the former stays")
    assert names(gateway) == ["second", "second"]


def test_a_level_that_is_none_does_not_keep_a_certificate_from_being_renewed(gateway, folder):
    write_certificate(folder, "first.example")
    settings = gateway.folder / ".env"
    try:
        settings.write_text("LOG_LEVEL=loud\n")
        before = len(gateway.output)
        reload(gateway, "the certificate was read again")
        assert any("LOG_LEVEL" in line for line in gateway.output[before:]), "the level is not complained of"
    finally:
        settings.unlink()
    assert names(gateway) == ["first", "first"]


def test_the_trunk_of_the_environment_is_shown_a_certificate_at_another_place(tmp_path):
    """A server that asks for a certificate of ours gets the one that TLS_CERT names now."""
    for name in ("first", "second", "server"):
        (tmp_path / name).mkdir()
        write_certificate(tmp_path / name, f"{name}.example")
    shown, closing = [], threading.Event()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server" / "certificate.pem", tmp_path / "server" / "key.pem")
    context.verify_mode = ssl.CERT_OPTIONAL
    for name in ("first", "second"):
        context.load_verify_locations(tmp_path / name / "certificate.pem")

    def serve(listener):
        while not closing.is_set():
            try:
                plain, _ = listener.accept()
                with context.wrap_socket(plain, server_side=True) as secured:
                    der = secured.getpeercert(binary_form=True) or b""
                    shown.append(next((name for name in ("first", "second") if f"{name}.example".encode() in der), None))
                    secured.recv(4096)
            except (TimeoutError, OSError):
                continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        server = threading.Thread(target=serve, args=(listener,))
        server.start()
        made = Gateway(SIP_SERVER="127.0.0.1", SIP_PORT=listener.getsockname()[1], SIP_TRANSPORT="TLS", SIP_TLS_VERIFY="false",
                       SIP_USERS="op:secret:77:Op")
        # What the environment says itself no file can change.
        for variable in ("TLS_CERT", "TLS_KEY"):
            made.environment.pop(variable, None)
        settings = made.folder / ".env"

        def name_files(name):
            folder = tmp_path / name
            settings.write_text(f"TLS_CERT={folder / 'certificate.pem'}\nTLS_KEY={folder / 'key.pem'}\n")

        try:
            name_files("first")
            with made as running:
                wait_for(lambda: "first" in shown, 15, "the first certificate at the trunk")
                name_files("second")
                reload(running, "the certificate was read again")
                wait_for(lambda: "second" in shown, 40, "the second certificate at the trunk")
        finally:
            closing.set()
            server.join()
