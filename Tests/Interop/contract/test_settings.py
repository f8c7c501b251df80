"""The settings page's part of the interface: the PBX, the employees' data there, the ports of media, the check."""

import pytest
from gateway import Gateway
from rows import covers
from shapes import Service, unauthorized

SETTINGS, EMPLOYEES = "/api/v1/admin/settings", "/api/v1/admin/settings/employees"


@pytest.fixture(scope="module")
def own(make_database):
    """A gateway whose environment says nothing of a PBX and of ports."""
    with Gateway(JWT_SECRET="contract-secret", RTP_PORT_MIN="", RTP_PORT_MAX="", **make_database()) as running:
        yield Service(running, login="admin")


@covers(f"admin GET {SETTINGS}", f"admin PUT {SETTINGS}")
def test_the_pbx_is_a_trunk_and_the_ports_are_rows_of_the_store(own):
    empty = own.ask("GET", SETTINGS)["data"]
    assert (empty["server"], empty["rtpPortMin"], empty["rtpPortMax"], empty["fixed"]) == (None, 20000, 29999, {})
    assert {"variable": "SIP_LISTEN_PORT", "value": str(own.gateway.sip_port)} in empty["startup"]
    wanted = {"server": "127.0.0.1", "port": 9, "transport": "UDP", "rtpPortMin": 42000, "rtpPortMax": 42399}
    made = own.ask("PUT", SETTINGS, json=wanted)["data"]
    assert made["transport"] == "udp" and made["trunk"] == "pbx" and made["legs"] == 200
    assert own.ask("PUT", SETTINGS, json=own.ask("GET", SETTINGS)["data"])["data"]["port"] == 9
    assert own.ask("GET", "/api/v1/admin/trunks/pbx")["data"]["targets"][0]["port"] == 9
    assert own.ask("GET", "/api/pbx/connection")["server"] == "127.0.0.1"
    rows = own.gateway.stored("SELECT name, value FROM settings")
    kept = {row["name"]: row["value"] for row in rows}
    assert (kept["rtp_port_min"], kept["rtp_port_max"]) == ("42000", "42399")
    body = own.refused("PUT", SETTINGS, 400, "VALIDATION_ERROR", json={"rtpPortMin": 42400, "port": 0, "server": ""})
    assert set(body["error"]["details"]) == {"rtpPortMax", "port", "server"}
    own.refused("PUT", SETTINGS, 403, "FORBIDDEN", login="anna", json={})
    unauthorized(own, "GET", SETTINGS)


@covers(f"admin GET {EMPLOYEES}", f"admin PUT {EMPLOYEES}/:userId", f"admin DELETE {EMPLOYEES}/:userId")
def test_an_employees_data_at_the_pbx(own):
    own.ask("PUT", SETTINGS, json={"server": "127.0.0.1", "port": 9})
    anna = own.user_id("anna")
    entry = {"username": "operator1", "password": "pass-of-the-pbx"}
    made = own.ask("PUT", f"{EMPLOYEES}/{anna}", json=entry)["data"]
    assert (made["extension"], made["username"], made["password"]) == ("1001", "operator1", "***")
    assert made in own.ask("GET", EMPLOYEES)["data"]
    assert own.ask("PUT", f"{EMPLOYEES}/{anna}", json={"extension": "1001", "password": "***"})["data"] == made
    assert "pass-of-the-pbx" not in own.raw("GET", "/api/v1/admin/trunks").text + own.raw("GET", EMPLOYEES).text
    sealed = own.gateway.stored("SELECT settings, password_sealed FROM trunks")
    assert "operator1" in sealed[0]["settings"] and "pass-of-the-pbx" not in str(sealed)
    own.refused("PUT", f"{EMPLOYEES}/{own.user_id('petr')}", 409, "CONFLICT", json=entry)
    own.refused("PUT", f"{EMPLOYEES}/{10**9}", 404, "USER_NOT_FOUND", json=entry)
    # To another server no password goes along.
    moved = {"server": "127.0.0.2"}
    refused = own.refused("PUT", SETTINGS, 409, "INVALID_STATE", json=moved)
    assert list(refused["error"]["details"]) == ["forgetPasswords"]
    own.ask("PUT", SETTINGS, json={**moved, "forgetPasswords": True})
    own.refused("DELETE", f"{EMPLOYEES}/{anna}", 404, "NOT_FOUND")
    own.ask("PUT", f"{EMPLOYEES}/{anna}", json=entry)
    assert own.ask("DELETE", f"{EMPLOYEES}/{anna}") == {"success": True}
    own.refused("GET", EMPLOYEES, 403, "FORBIDDEN", login="anna")


@covers(f"admin POST {SETTINGS}/check", "admin POST /api/v1/admin/trunks/:id/check")
def test_a_check_says_step_by_step_what_is_well(own):
    """The gateway is its own PBX here: it answers OPTIONS."""
    here = {"server": "127.0.0.1", "port": own.gateway.sip_port, "transport": "UDP"}
    report = own.ask("POST", f"{SETTINGS}/check", json=here)["data"]
    assert report["ok"] is True, report
    assert {line["step"] for line in report["lines"]} == {"names", "options"}
    own.ask("PUT", SETTINGS, json=here)
    again = own.ask("POST", f"{SETTINGS}/check", json={})["data"]
    assert again["trunk"] == "pbx" and again["ok"] is True
    assert own.ask("POST", "/api/v1/admin/trunks/pbx/check")["data"]["ok"] is True
    own.refused("POST", "/api/v1/admin/trunks/none/check", 404, "NOT_FOUND")
    own.refused("POST", f"{SETTINGS}/check", 400, "VALIDATION_ERROR", json={"port": 70000})
    own.refused("POST", f"{SETTINGS}/check", 403, "FORBIDDEN", login="anna", json=here)


def test_what_the_environment_says_is_shown_and_stays(service):
    fixed = service.ask("GET", SETTINGS)["data"]["fixed"]
    assert fixed == {"rtpPortMin": "RTP_PORT_MIN", "rtpPortMax": "RTP_PORT_MAX"}
    refused = service.refused("PUT", SETTINGS, 409, "INVALID_STATE", json={"rtpPortMin": 1024})
    assert "RTP_PORT_MIN" in refused["error"]["details"]["rtpPortMin"]
