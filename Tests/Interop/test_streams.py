"""Calls of real phones are streamed to a WebSocket server, which hears both parties and speaks to them."""

import contextlib
import json
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
from audio import band_db, frequency, level_db
from bot import Bot, linear, mu_law, tone
from gateway import Gateway, free_port, wait_for
from phone import Phone
from records import newest_call

EXAMPLE = Path(__file__).parents[2] / "docs" / "voice_bot.py"


@pytest.fixture(scope="module")
def gateway():
    with Gateway(STREAM_HOSTS="127.0.0.1,*.example.com") as running:
        yield running


@contextlib.contextmanager
def talk(gateway, codecs=("PCMA", "PCMA")):
    """A phone of 440 Hz calls one of 660 Hz; they are on the line inside."""
    with Phone(gateway, "1001", tone=440, codecs=[codecs[0]]) as anna, \
            Phone(gateway, "1002", tone=660, codecs=[codecs[1]]) as petr:
        anna.dial("1002")
        petr.wait_incoming()
        petr.answer()
        anna.wait_talking()
        petr.wait_talking()
        yield anna, petr, f"/api/v1/calls/{newest_call(gateway)['id']}/streams"
        anna.hang_up()
        petr.wait_closed()


def ask(gateway, method, path, status, **body):
    answer = gateway.request(method, path, login="admin", **({"json": body} if body else {}))
    assert answer.status_code == status, answer.text
    return answer.json().get("data")


def listed(gateway, path):
    return ask(gateway, "GET", path, 200)[0]


@pytest.mark.parametrize("codecs, encoding, rate", [
    (("PCMA", "PCMA"), "pcm16", 8000), (("PCMU", "PCMU"), "mulaw", 8000), (("opus", "PCMA"), "pcm16", 16000),
], ids=["relayed", "mulaw", "transcoded"])
def test_a_bot_hears_both_and_speaks_to_one(gateway, codecs, encoding, rate):
    decode = mu_law if encoding == "mulaw" else linear
    with Bot() as bot, talk(gateway, codecs) as (anna, petr, path):
        made = ask(gateway, "POST", path, 201, url=bot.url, token="secret", to="caller", encoding=encoding,
                   sampleRate=rate)
        start = bot.wait_event("start")
        assert (start["streamId"], start["encoding"], start["sampleRate"]) == (made["id"], encoding, rate)
        assert start["tracks"] == ["caller", "callee"] and start["callId"] in path
        assert (bot.tokens, bot.paths) == (["Bearer secret"], ["/voice?call=7"])
        assert made["server"] == f"ws://127.0.0.1:{bot.port}"
        time.sleep(0.5)
        for track, hertz in ((0, 440), (1, 660)):
            heard = bot.listen(track, 50, decode)
            assert len(heard) == rate
            assert abs(frequency(heard, rate) - hertz) < 4
            # A sine 12 dB below full scale is 15 dB below in RMS.
            assert abs(level_db(heard) + 15) < 1.5
        # 50 frames a second, neither more nor fewer.
        count, began = len(bot.frames[0]), time.monotonic()
        time.sleep(2)
        assert abs(len(bot.frames[0]) - count - 50 * (time.monotonic() - began)) < 8
        anna.press("5")
        assert bot.wait_event("dtmf") == {"event": "dtmf", "digit": "5", "track": "caller"}

        if encoding == "pcm16":
            began = time.monotonic()
            bot.send(tone(1300, 3, rate))
            bot.send({"event": "mark", "name": "said"})
            anna.assert_hears(1300, without=660)
            petr.assert_hears(440, without=1300)
            assert bot.wait_event("mark")["name"] == "said"
            assert 2.8 < time.monotonic() - began < 4.5
        anna.assert_hears(660, without=1300)
        assert listed(gateway, path)["state"] == "open"
        stopped = ask(gateway, "DELETE", f"{path}/{made['id']}", 200)
        assert (stopped["state"], stopped["droppedSpeechMs"]) == ("ended", 0)
        bot.wait_event("stop")
        assert ask(gateway, "GET", path, 200) == []
        anna.assert_hears(660)
        petr.assert_hears(440)


def test_what_waits_is_cleared_and_its_marks_come_back(gateway):
    with Bot() as bot, talk(gateway) as (anna, petr, path):
        ask(gateway, "POST", path, 201, url=bot.url)
        bot.wait_event("start")
        bot.send(tone(1300, 20, 8000))
        bot.send({"event": "mark", "name": "never"})
        for phone in (anna, petr):
            phone.assert_hears(1300, without=phone.tone)
        assert bot.events("mark") == []
        bot.send({"event": "clear"})
        assert bot.wait_event("mark", seconds=2)["name"] == "never"
        anna.assert_hears(660, without=1300)
        petr.assert_hears(440, without=1300)
        for _ in range(2):
            bot.send(b"\x01\x02" * 8000 * 35)
        wait_for(lambda: listed(gateway, path)["droppedSpeechMs"] > 9000, 5, "dropped speech")
        bot.send({"event": "clear"})
        for nonsense in ("{", "[]", json.dumps({"event": "mark"}), json.dumps({"event": "sing"}), "x" * 100_000):
            bot.send(nonsense)
        bot.wait_event("error", count=5)
        # Who says goodbye in good order has done its work.
        bot.close()
        wait_for(lambda: ask(gateway, "GET", path, 200) == [], 5, "the stream's end")


def test_what_a_bot_said_before_its_goodbye_is_heard(gateway):
    with Bot() as bot, talk(gateway) as (anna, _, path):
        ask(gateway, "POST", path, 201, url=bot.url)
        bot.wait_event("start")
        bot.send(tone(1300, 5, 8000))
        bot.close()
        anna.assert_hears(1300, without=660)
        assert listed(gateway, path)["state"] == "open"
        wait_for(lambda: ask(gateway, "GET", path, 200) == [], 10, "the stream's end")
        anna.assert_hears(660, without=1300)


def test_a_bot_that_is_killed_is_sought_until_it_is_back_and_the_call_goes_on(gateway):
    with Bot() as bot, talk(gateway, ("G722", "PCMA")) as (anna, petr, path):
        ask(gateway, "POST", path, 201, url=bot.url, tracks="callee")
        bot.wait_event("start")
        bot.send(tone(1300, 30, 8000))
        anna.assert_hears(1300, without=660)
        bot.kill()
        wait_for(lambda: listed(gateway, path)["state"] == "reconnecting", 5, "the loss to be seen")
        # What it was saying has ended with it.
        anna.assert_hears(660, without=1300)
        petr.assert_hears(440, without=1300)
        bot.frames[1].clear()
        bot.start()
        assert bot.wait_event("start", count=2, seconds=12)["connection"] == 2
        assert abs(frequency(bot.listen(1, 50, linear), 8000) - 660) < 4
        assert bot.frames[0] == []
        bot.send(tone(1300, 2, 8000))
        anna.assert_hears(1300, without=660)
        status = listed(gateway, path)
        assert status["connections"] == 2 and status["droppedFrames"] > 10
        assert gateway.metric("audio_streams_active") == 1
    gateway.wait_metric("audio_streams_active", 0)


def test_the_example_hums_and_tells_what_it_hears(gateway):
    port = free_port()
    with subprocess.Popen([sys.executable, EXAMPLE, str(port)], stdout=subprocess.PIPE, text=True) as example:
        try:
            with talk(gateway) as (anna, petr, path):
                # It may still be starting: then it is tried again.
                ask(gateway, "POST", path, 201, url=f"ws://127.0.0.1:{port}/", tracks="caller")
                anna.assert_hears(1000, without=660)
                petr.assert_hears(440, settle=2.5)
            lines = []
            while not lines or lines[-1].get("event") != "stop":
                lines.append(json.loads(example.stdout.readline()))
        finally:
            example.kill()
    assert lines[0]["event"] == "start" and {"event": "mark", "name": "hummed"} in lines
    seconds = [line for line in lines if "seconds" in line]
    assert len(seconds) >= 3 and all(line["track"] == 0 for line in seconds)
    assert 6000 < seconds[-1]["peak"] < 10_500


def certificate(folder, name):
    """A server's TLS context, good for one name, and the PEM file of its certificate."""
    number = len(list(folder.iterdir()))
    key, chain = folder / f"{number}.key", folder / f"{number}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
         key, "-out", chain, "-days", "2", "-subj", "/CN=bot", "-addext", f"subjectAltName={name}"],
        check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context, chain


def test_over_tls_only_a_server_whose_certificate_is_good_for_its_name_hears_the_call(tmp_path):
    good, chain = certificate(tmp_path, "IP:127.0.0.1")
    other, other_chain = certificate(tmp_path, "DNS:bot.test")
    # Good for the name, but nobody trusts it.
    stranger, _ = certificate(tmp_path, "IP:127.0.0.1")
    trusted = tmp_path / "trusted.pem"
    trusted.write_text(chain.read_text() + other_chain.read_text())
    with Gateway(STREAM_HOSTS="127.0.0.1", STREAM_CA=str(trusted)) as gateway, talk(gateway) as (anna, _, path):
        for identity in (other, stranger):
            with Bot(identity) as bot:
                made = ask(gateway, "POST", path, 201, url=bot.url, token="secret")
                wait_for(lambda: listed(gateway, path)["state"] == "reconnecting", 10, "the refusal")
                assert "certificate" in listed(gateway, path)["reason"] and bot.tokens == []
                ask(gateway, "DELETE", f"{path}/{made['id']}", 200)
        with Bot(good) as bot:
            ask(gateway, "POST", path, 201, url=bot.url, token="secret")
            bot.wait_event("start")
            assert bot.tokens == ["Bearer secret"]
            bot.send(tone(1300, 3, 8000))
            anna.assert_hears(1300, without=660)


def test_a_member_of_a_conference_is_streamed_alone():
    with Gateway(STREAM_HOSTS="127.0.0.1", CONFERENCE_ROOMS="8000:team", SIP_USERS="1003:third-secret:1003:Third") \
            as gateway, contextlib.ExitStack() as stack:
        phones = [stack.enter_context(Phone(gateway, extension, password, tone=hertz, codecs=["PCMA"]))
                  for extension, password, hertz in (("1001", None, 440), ("1002", None, 700),
                                                     ("1003", "third-secret", 1100))]
        paths = []
        for phone in phones:
            phone.dial("8000")
            phone.wait_talking()
            paths.append(f"/api/v1/calls/{newest_call(gateway)['id']}/streams")
        bot = stack.enter_context(Bot())
        ask(gateway, "POST", paths[0], 201, url=bot.url)
        bot.wait_event("start")
        heard = bot.listen(0, 100, linear)
        assert abs(frequency(heard[4000:], 8000) - 440) < 4
        assert level_db(bot.listen(1, 50, linear)) < -60
        bot.send(tone(1800, 4, 8000))
        samples, rate = phones[0].listen(1.5, settle=0.6)
        assert band_db(samples, rate, 1800) > -24 > -40 > band_db(samples, rate, 700)
        samples, rate = phones[1].listen(1, settle=0)
        assert band_db(samples, rate, 440) > -24 > -40 > band_db(samples, rate, 1800)
        for phone in phones:
            phone.hang_up()
        bot.wait_event("stop")


def test_streams_go_only_where_and_for_whom_they_may(gateway):
    with Bot() as bot, talk(gateway) as (_, _, path):
        for url in ("ws://localhost:1/", "ws://169.254.169.254/latest", "ws://example.com/", "http://127.0.0.1/"):
            answer = gateway.request("POST", path, login="admin", json={"url": url})
            assert answer.status_code == 400 and "url" in answer.json()["error"]["details"], answer.text
        ask(gateway, "POST", path, 201, url=bot.url)
        assert gateway.request("POST", path, login="admin", json={"url": bot.url}).status_code == 409
        for login in (login for login in gateway.users if login != "admin"):
            assert gateway.request("GET", path, login=login).status_code == 403
            assert gateway.request("POST", path, login=login, json={"url": bot.url}).status_code == 403
