"""Sound files and tones that REST plays into live calls, music of the operator's own, and configurations that name none."""

import asyncio
import functools
import http.server
import threading
import time
from pathlib import Path

import pytest
from audio import band_db, frequency, level_db, write_tone
from gateway import Gateway
from peers import PlainSocket
from phone import Phone
from records import newest_call


@pytest.fixture(scope="module")
def gateway():
    with Gateway(PLAY_HOSTS="*,127.0.0.1") as running:
        sounds = Path(running.folder) / "sounds"
        sounds.mkdir()
        write_tone(sounds / "hello.wav", 1300, seconds=3, rate=16000)
        (sounds / "broken.wav").write_bytes(b"RIFF and nothing more")
        yield running


def talk(gateway, codecs):
    """Two phones that talk to each other: 440 Hz calls 660 Hz."""
    anna, petr = Phone(gateway, "1001", tone=440, codecs=codecs), Phone(gateway, "1002", tone=660)
    anna.start()
    petr.start()
    anna.dial("1002")
    petr.wait_incoming()
    petr.answer()
    anna.wait_talking()
    petr.wait_talking()
    return anna, petr, newest_call(gateway)


def play(gateway, record, path="", **order):
    return gateway.request("POST", f"/api/v1/calls/{record['uuid']}/play{path}", login="admin", json=order)


@pytest.mark.parametrize("codecs", [("PCMA",), ("G722",), ("opus",)], ids=lambda codecs: codecs[0])
def test_a_phone_hears_a_file_and_then_its_partner_again(gateway, codecs):
    anna, petr, record = talk(gateway, codecs)

    async def run():
        async with PlainSocket(gateway, style="flat", token=gateway.token()) as socket:
            anna.assert_hears(660, without=440)
            answer = await asyncio.to_thread(play, gateway, record, file="hello.wav", to="caller")
            assert answer.status_code == 200, answer.text
            # The one who is not meant hears the other, all the time.
            heard = asyncio.to_thread(petr.assert_hears, 440, without=1300)
            samples, rate = await asyncio.to_thread(anna.listen, 1.5)
            assert abs(frequency(samples, rate) - 1300) < 5
            assert band_db(samples, rate, 660) < -45
            await heard
            ended = await socket.wait("play:ended")
            assert ended["id"] == record["uuid"]
            assert ended["play"] == {"to": "caller", "completed": True, "file": "hello.wav"}

    try:
        asyncio.run(run())
        anna.assert_hears(660, without=1300)
        petr.assert_hears(440)
        anna.hang_up()
        petr.wait_closed()
    finally:
        anna.stop()
        petr.stop()
    assert play(gateway, record, file="hello.wav").status_code == 409


def test_a_tone_goes_on_until_it_is_stopped_and_wrong_orders_are_refused(gateway):
    anna, petr, record = talk(gateway, ("PCMU",))
    try:
        assert play(gateway, record, tone="milliwatt", to="both", loop=True).status_code == 200
        for phone in (anna, petr):
            phone.assert_hears(1004, without=phone.tone)
        for _ in range(2):
            assert play(gateway, record, "/stop").status_code == 200
        anna.assert_hears(660, without=1004)
        for name in ("none.wav", "../tandem.db", "/etc/passwd"):
            refused = play(gateway, record, file=name)
            assert (refused.status_code, refused.json()["error"]["code"]) == (404, "SOUND_NOT_FOUND")
        assert play(gateway, record, file="broken.wav").status_code == 400
        anna.assert_hears(660)
        anna.hang_up()
        petr.wait_closed()
    finally:
        anna.stop()
        petr.stop()


@pytest.fixture
def web(tmp_path):
    """A web server with `hello.wav`, `page.html` and a redirection at `/to?URL`; its address."""
    write_tone(tmp_path / "hello.wav", 1300, seconds=3, rate=16000)
    (tmp_path / "page.html").write_text("<html>no sound</html>")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            if not self.path.startswith("/to?"):
                return super().do_GET()
            self.send_response(302)
            self.send_header("Location", self.path.partition("?")[2])
            self.end_headers()

        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_phone_hears_what_a_url_holds_and_nothing_is_fetched_from_elsewhere(gateway, web):
    anna, petr, record = talk(gateway, ("PCMA",))

    async def run():
        async with PlainSocket(gateway, style="flat", token=gateway.token()) as socket:
            url = f"{web}/to?{web}/hello.wav?token=sesame"
            answer = await asyncio.to_thread(play, gateway, record, url=url, to="caller")
            assert answer.status_code == 200, answer.text
            samples, rate = await asyncio.to_thread(anna.listen, 1.5)
            assert abs(frequency(samples, rate) - 1300) < 5
            ended = await socket.wait("play:ended")
            assert ended["play"] == {"to": "caller", "completed": True, "url": f"{web}/to"}

    try:
        asyncio.run(run())
        local = web.replace("127.0.0.1", "localhost")
        for url in (f"{web}/page.html", f"{web}/to?{web}/page.html", f"{web}/to?file:///etc/hostname", local,
                    f"{web}/to?{local}/hello.wav", f"http://127.1{web[16:]}/hello.wav", "http://169.254.169.254/"):
            refused = play(gateway, record, url=url)
            assert (refused.status_code, refused.json()["error"]["code"]) == (400, "VALIDATION_ERROR"), url
            assert "url" in refused.json()["error"]["details"]
        for url in (f"{web}/none.wav", "http://127.0.0.1:1/hello.wav", web.replace("http:", "https:")):
            refused = play(gateway, record, url=url)
            assert (refused.status_code, refused.json()["error"]["code"]) == (502, "SOUND_UNAVAILABLE"), url
        anna.assert_hears(660, without=1300)
        anna.hang_up()
        petr.wait_closed()
    finally:
        anna.stop()
        petr.stop()
    assert not any("sesame" in line for line in gateway.output)


def test_a_caller_whom_no_member_of_a_queue_takes_hears_busy_and_then_the_end(gateway):
    gateway.add("queues", name="sales", extension="700", maximumWaitSeconds=1, leavesWhenEmpty=False)
    with Phone(gateway, "1001") as anna:
        anna.dial("700")
        anna.wait_talking()
        time.sleep(1)
        samples, rate = anna.listen(1.5)
        assert abs(frequency(samples, rate) - 425) < 3
        blocks = samples[:len(samples) // (rate // 20) * (rate // 20)].reshape(-1, rate // 20)
        assert 0.3 <= sum(level_db(block) > -40 for block in blocks) / len(blocks) <= 0.7, "a tone half of the time"
        anna.wait_closed()
    assert newest_call(gateway)["status"] == "no_answer"


def test_music_on_hold_is_the_operators_own(tmp_path):
    write_tone(tmp_path / "1.wav", 900, seconds=1.5, rate=44100)
    write_tone(tmp_path / "2.wav", 1700, seconds=1.5, rate=8000)
    with Gateway(MUSIC_ON_HOLD=tmp_path) as gateway, Phone(gateway, "1001") as phone:
        phone.dial("music")
        phone.wait_talking()
        time.sleep(1)
        samples, rate = phone.listen(4)
        second = rate
        heard = {round(frequency(samples[at:at + second // 4], rate), -2) for at in range(0, 3 * second, second // 4)}
        assert heard >= {900, 1700}
        phone.hang_up()
        phone.wait_closed()


@pytest.mark.parametrize("value", ["missing", "empty", "broken.wav"])
def test_music_that_cannot_be_used_is_said_before_anything_starts(tmp_path, value):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    gateway = Gateway(MUSIC_ON_HOLD=tmp_path / value)
    try:
        for command in ("check", "serve"):
            ended = gateway.run(command)
            assert ended.returncode == 78
            assert "MUSIC_ON_HOLD" in ended.stderr and "unset it" in ended.stderr
    finally:
        gateway.remove_folder()
