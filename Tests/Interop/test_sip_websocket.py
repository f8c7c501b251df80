"""SIP over WebSocket (RFC 7118) from a Chromium page that behaves as the known libraries do, to the echo and to baresip."""

import socket
import time

import pytest
from audio import assert_tone, lasting_db, level_db
from gateway import Gateway, free_port, wait_for
from phone import Phone
from records import newest_call, wait_ended
from test_browser_calls import wait_digits
from websip import WebPhone

WEB_TONE, PHONE_TONE, THIRD_TONE = 440, 660, 880
SECURE = free_port()


@pytest.fixture(scope="module")
def gateway():
    with Gateway(HTTPS_PORT=SECURE, SIP_USERS="1003:third-secret:1003:Third") as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_is_left(gateway, chrome):
    """After each test no call, no media leg and no registration is left."""
    yield
    chrome.close_pages()
    gateway.wait_idle("sip_legs", "sip_registered_users")


@pytest.fixture
def web(chrome, gateway):
    """The page's phone, registered as 1001."""
    phone = WebPhone(chrome, gateway, "anna", WEB_TONE)
    assert phone.register()["status"] == 200
    return phone


@pytest.fixture
def phone(gateway):
    with Phone(gateway, "1002", tone=PHONE_TONE) as running:
        yield running


def assert_talking(web, phone, tone=PHONE_TONE):
    """Both hear the other's tone and not their own."""
    web.wait_media()
    web.pause(0.3)
    samples, rate = web.listen(1)
    assert_tone(samples, rate, tone)
    assert lasting_db(samples, rate, WEB_TONE) < -45, "the page hears itself"
    phone.assert_hears(WEB_TONE, without=tone)


def connect(web, phone):
    """The page calls the phone; answers the call as the gateway shows it."""
    web.dial(phone.extension)
    phone.wait_incoming()
    phone.answer()
    web.wait_state("up")
    phone.wait_talking()
    web.wait_media()
    return newest_call(web.gateway)


def hang_up(web, *phones):
    web.run("session.hangUp()")
    for phone in phones:
        phone.wait_closed()


# Registration


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_a_page_registers_again_and_no_more(chrome, gateway, scheme):
    web = WebPhone(chrome, gateway, "anna", secure_port=SECURE if scheme == "wss" else None)
    for _ in range(2):
        answer = web.register()
        assert answer["status"] == 200
        # The flow is what is registered, not an address that nobody could reach (RFC 5626 section 6).
        assert "outbound" in answer["require"]
        assert len(answer["contacts"]) == 1 and ".invalid" in answer["contacts"][0]
        gateway.wait_metric("sip_registered_users", 1)
    assert web.register(expires=0) == {"status": 200, "require": "outbound", "contacts": []}
    gateway.wait_metric("sip_registered_users", 0)


def test_a_wrong_password_registers_nobody(chrome, gateway):
    web = WebPhone(chrome, gateway, "anna")
    web.password = "wrong"
    assert web.register()["status"] == 401
    gateway.wait_metric("sip_registered_users", 0)


def test_a_page_of_another_origin_is_refused():
    """Unless any may come, whose users then prove themselves by digest alone."""
    def upgrade(origin):
        with socket.create_connection(("127.0.0.1", gateway.port), 5) as connection:
            connection.sendall(
                f"GET /sip HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Protocol: sip\r\n\r\n".encode())
            return connection.recv(4096).decode().split("\r\n")[0].split(" ")[1]

    with Gateway(CORS_ORIGIN="https://crm.example") as gateway:
        assert upgrade("https://evil.example") == "403"
        assert upgrade("https://crm.example") == "101"
        assert upgrade(f"http://127.0.0.1:{gateway.port}") == "101"


# Calls


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_a_page_hears_the_echo(chrome, gateway, scheme):
    web = WebPhone(chrome, gateway, "anna", WEB_TONE, secure_port=SECURE if scheme == "wss" else None)
    assert web.register()["status"] == 200
    web.dial("9196")
    web.wait_state("up")
    web.wait_media()
    web.pause(0.5)
    samples, rate = web.listen(2)
    assert_tone(samples, rate, WEB_TONE)
    record = newest_call(gateway)
    hang_up(web)
    row = wait_ended(gateway, record["uuid"])
    assert (row["state"], row["end_reason"]) == ("completed", "caller_hangup")


@pytest.mark.parametrize("codecs", [("PCMA", "PCMU"), ("opus",)])
def test_a_page_calls_a_phone(gateway, web, codecs):
    with Phone(gateway, "1002", tone=PHONE_TONE, codecs=codecs) as phone:
        record = connect(web, phone)
        if "opus" in codecs:
            web.pause(0.5)
            samples, rate = web.listen(1)
            assert_tone(samples, rate, PHONE_TONE)
        else:
            assert_talking(web, phone)
        phone.hang_up()
        web.until("() => session.state === 'over'")
        assert web.log[-1] == "far end hung up"
    row = wait_ended(gateway, record["uuid"])
    assert (row["state"], row["end_reason"]) == ("completed", "callee_hangup")
    assert (row["caller_number"], row["receiver_number"]) == ("1001", "1002")


@pytest.mark.parametrize("transport", ["udp", "tls"])
def test_a_phone_calls_a_page(gateway, web, transport):
    with Phone(gateway, "1002", tone=PHONE_TONE, transport=transport) as phone:
        phone.dial("1001")
        web.wait_ringing()
        phone.wait_event("CALL_RINGING")
        web.run("session.accept()")
        phone.wait_talking()
        assert_talking(web, phone)
        record = newest_call(gateway)
        hang_up(web, phone)
    row = wait_ended(gateway, record["uuid"])
    assert (row["state"], row["end_reason"]) == ("completed", "callee_hangup")
    assert (row["caller_number"], row["receiver_number"]) == ("1002", "1001")


def test_two_pages_call_each_other(chrome, gateway, web):
    other = WebPhone(chrome, gateway, "petr", PHONE_TONE)
    assert other.register()["status"] == 200
    web.dial("1002")
    other.wait_ringing()
    other.run("session.accept()")
    for one in (web, other):
        one.wait_state("up")
        one.wait_media()
    web.pause(0.5)
    for one, tone in ((web, PHONE_TONE), (other, WEB_TONE)):
        samples, rate = one.listen(1)
        assert_tone(samples, rate, tone)
    web.run("session.hangUp()")
    other.until("() => session.state === 'over'")


def test_hold_and_resume_from_either_side(gateway, web, phone):
    record = connect(web, phone)
    web.run("session.hold(true)")
    wait_for(lambda: gateway.call(record["uuid"])["state"] == "held", what="the call to be held")
    phone.assert_hears_music()
    web.run("session.hold(false)")
    wait_for(lambda: gateway.call(record["uuid"])["state"] == "answered", what="the call to be resumed")
    assert_talking(web, phone)
    phone.hold()
    wait_for(lambda: gateway.call(record["uuid"])["state"] == "held", what="the call to be held by the phone")
    web.pause(0.7)
    samples, _ = web.listen(2)
    assert -40 < level_db(samples) < -6, "no music"
    phone.resume()
    wait_for(lambda: gateway.call(record["uuid"])["state"] == "answered", what="the call to be resumed by the phone")
    web.pause(0.5)
    assert_talking(web, phone)
    hang_up(web, phone)
    assert wait_ended(gateway, record["uuid"])["hold_seconds"] >= 2


def test_a_digit_by_info_reaches_a_phone_as_telephone_event(web, phone):
    connect(web, phone)
    for digit in "5*#":
        assert web.run(f"session.digit('{digit}')") == 200
        web.pause(0.4)
    wait_for(lambda: phone.digits == "5*#", 5, "the phone to hear the digits")
    hang_up(web, phone)


def test_a_digit_by_info_reaches_a_page_of_ours_as_an_event(chrome, gateway, web):
    petr = chrome.open(gateway, PHONE_TONE).sign_in("petr")
    web.dial("1002")
    petr.wait_state("incoming")
    petr.press("answer")
    petr.wait_state("connected")
    web.wait_state("up")
    web.wait_media()
    petr.wait_media()
    for digit in "7#":
        assert web.run(f"session.digit('{digit}')") == 200
        web.pause(0.4)
    assert wait_digits(petr, 2) == "7#"
    samples, rate = web.listen(1)
    assert_tone(samples, rate, PHONE_TONE)
    web.run("session.hangUp()")
    petr.wait_state("idle")
    assert petr.problems == []


def test_a_page_transfers_its_partner_by_refer(gateway, web, phone):
    with Phone(gateway, "1003", "third-secret", tone=THIRD_TONE) as third:
        record = connect(web, phone)
        assert web.run("session.refer('1003')") == 202
        third.wait_incoming()
        third.answer()
        third.wait_talking()
        web.until("() => session.log.some((line) => line.startsWith('SIP/2.0 200'))")
        phone.assert_hears(THIRD_TONE, without=PHONE_TONE)
        third.assert_hears(PHONE_TONE, without=THIRD_TONE)
        web.run("session.hangUp()")
        assert gateway.call(record["uuid"])["state"] == "answered"
        third.hang_up()
        phone.wait_closed()
    row = wait_ended(gateway, record["uuid"])
    assert (row["state"], row["transfer_count"]) == ("completed", 1)


@pytest.mark.parametrize("who_ends", ["page", "phone"])
def test_a_call_outlives_the_socket_it_was_made_by(gateway, web, phone, who_ends):
    record = connect(web, phone)
    assert web.reconnect()["status"] == 200
    gateway.wait_metric("sip_registered_users", 2)
    assert_talking(web, phone)
    if who_ends == "phone":
        # Our request within the call finds the page where it is now.
        phone.hang_up()
        web.until("() => session.state === 'over'")
        assert web.log[-1] == "far end hung up"
    else:
        hang_up(web, phone)
    row = wait_ended(gateway, record["uuid"])
    assert (row["state"], row["end_reason"]) == (
        "completed", "callee_hangup" if who_ends == "phone" else "caller_hangup")


# Calls that come to nothing


def test_a_page_gives_up_before_the_answer(gateway, web, phone):
    web.dial("1002")
    phone.wait_incoming()
    web.until("() => session.log.includes('180')")
    web.run("session.hangUp()")
    web.until("() => session.state === 'over'")
    assert "rejected 487" in web.log
    phone.wait_closed()
    row = wait_ended(gateway, newest_call(gateway)["uuid"])
    assert (row["state"], row["answered_at"]) == ("cancelled", None)


def test_a_phone_gives_up_before_the_page_answers(gateway, web, phone):
    phone.dial("1001")
    web.wait_ringing()
    phone.wait_event("CALL_RINGING")
    phone.hang_up()
    web.until("() => session.state === 'over'")
    assert web.log[-1] == "cancelled"
    row = wait_ended(gateway, newest_call(gateway)["uuid"])
    assert (row["state"], row["answered_at"]) == ("cancelled", None)


def test_a_busy_page(gateway, web, phone):
    phone.dial("1001")
    web.wait_ringing()
    web.run("session.hangUp()")
    assert "486" in phone.wait_closed()["param"]
    assert wait_ended(gateway, newest_call(gateway)["uuid"])["state"] == "busy"


def test_a_page_whose_socket_closes_is_not_registered_any_more(gateway, web, phone):
    gateway.wait_metric("sip_registered_users", 2)
    web.page.evaluate("() => window.phone.socket.close()")
    gateway.wait_metric("sip_registered_users", 1)
    began = time.monotonic()
    phone.dial("1001")
    phone.wait_closed()
    assert time.monotonic() - began < 3, "the caller had to wait for a page that is gone"
    assert wait_ended(gateway, newest_call(gateway)["uuid"])["answered_at"] is None


def test_a_socket_that_closes_while_the_page_rings_ends_the_call(gateway, web, phone):
    phone.dial("1001")
    web.wait_ringing()
    phone.wait_event("CALL_RINGING")
    began = time.monotonic()
    web.page.evaluate("() => window.phone.socket.close()")
    phone.wait_closed()
    assert time.monotonic() - began < 3, "the caller had to wait for a page that is gone"
