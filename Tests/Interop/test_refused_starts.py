"""What keeps a gateway from starting is said in one line that names the setting."""

import socket
from pathlib import Path

import pytest

SYSTEM, CONFIGURATION = 71, 78


def assert_refused(finished, status, variable):
    """One clear line that names the variable, and the status that supervisors understand."""
    assert finished.returncode == status, finished.stderr
    lines = finished.stderr.strip().splitlines()
    complaints = [line for line in lines if not line.startswith("warning:")]
    assert len(complaints) == 1, finished.stderr
    assert complaints[0].startswith(f"tandem: {variable}: "), complaints[0]
    assert ";" in complaints[0], "the line says no cure"


MALFORMED = {
    "PORT": "http", "HTTPS_PORT": "70000", "SIP_LISTEN_PORT": "0", "SIP_TLS_PORT": "no", "SIP_LISTEN_HOST": "nowhere", "PUBLIC_IP": "1.2.3",
    "WEBRTC_PORT": "-1", "RTP_PORT_MAX": "5", "MEDIA_WORKERS": "0", "MAX_CONCURRENT_CALLS": "many",
    "AUTH_MODE": "maybe", "LOG_LEVEL": "loud", "SRTP_ENGINE": "none", "TRUST_PROXY": "perhaps",
    "DATABASE_URL": "oracle://x", "SIP_USERS": "only-a-name", "DRAIN_TIMEOUT_MS": "soon", "MEDIA_TIMEOUT_S": "1.5",
    "RATE_LIMIT_MAX": "0",
}


@pytest.mark.parametrize("command", ["serve", "check"])
@pytest.mark.parametrize("variable", MALFORMED)
def test_a_malformed_value_is_named(stopped, variable, command):
    assert_refused(stopped(**{variable: MALFORMED[variable]}).run(command), CONFIGURATION, variable)


def test_a_transport_that_is_not_served_is_named(stopped):
    gateway = stopped(SIP_SERVER="127.0.0.1", SIP_TRANSPORT="SCTP")
    assert_refused(gateway.run("serve"), CONFIGURATION, "SIP_TRANSPORT")


def test_a_certificate_without_its_key_is_named(stopped):
    assert_refused(stopped(TLS_CERT="/etc/hostname").run("serve"), CONFIGURATION, "TLS_KEY")


def test_a_certificate_that_is_none_is_named(stopped):
    gateway = stopped(TLS_CERT="/etc/hostname", TLS_KEY="/etc/hostname", HTTPS_PORT="0")
    gateway.environment["HTTPS_PORT"] = str(gateway.port + 1 if gateway.port < 65535 else gateway.port - 1)
    assert_refused(gateway.run("serve"), CONFIGURATION, "TLS_CERT")


@pytest.mark.parametrize("variable,kind", [
    ("PORT", socket.SOCK_STREAM), ("SIP_LISTEN_PORT", socket.SOCK_DGRAM), ("SIP_LISTEN_PORT", socket.SOCK_STREAM),
    ("SIP_TLS_PORT", socket.SOCK_STREAM), ("WEBRTC_PORT", socket.SOCK_DGRAM),
], ids=["PORT", "SIP UDP", "SIP TCP", "SIP TLS", "WEBRTC_PORT"])
def test_a_port_in_use_is_named_and_nothing_is_half_started(stopped, variable, kind):
    gateway = stopped()
    port = int(gateway.environment[variable])
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1" if variable.startswith("SIP_") else "0.0.0.0", port))
        if kind == socket.SOCK_STREAM:
            other.listen()
        finished = gateway.run("serve")
    assert_refused(finished, SYSTEM, variable)
    assert str(port) in finished.stderr
    assert "in use" in finished.stderr, "what is wrong is said in words"
    assert "Tandem is ready" not in finished.stderr


def test_a_port_that_another_has_by_ipv6_alone_is_named(stopped):
    gateway = stopped()
    with socket.socket(socket.AF_INET6) as other:
        other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        other.bind(("::", gateway.port))
        other.listen()
        assert_refused(gateway.run("serve"), SYSTEM, "PORT")


@pytest.mark.parametrize("what", ["a file", "no permission", "not a database"])
def test_a_data_folder_that_cannot_be_used_is_named(stopped, tmp_path, what):
    folder = tmp_path / "data"
    if what == "a file":
        folder.write_text("")
    elif what == "no permission":
        # Where not even root may make a folder.
        folder = Path("/proc/tandem")
    else:
        first = stopped(DATA_DIR=folder).start()
        first.stop()
        store = next(path for path in folder.iterdir() if path.suffix in (".db", ".sqlite", ".sqlite3"))
        store.write_bytes(b"this is no database " * 1000)
        for beside in folder.glob(store.name + "-*"):
            beside.unlink()
    finished = stopped(DATA_DIR=folder).run("serve")
    assert_refused(finished, SYSTEM, "DATA_DIR")
    assert str(folder) in finished.stderr


def test_a_word_that_is_no_command_is_refused(stopped):
    assert stopped().run("start").returncode == 64
    assert stopped().run("help").returncode == 0
