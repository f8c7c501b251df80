"""The interface does what `/openapi.json` says, whatever is sent: generated requests, good and bad (schemathesis).

For 40 seconds; with `SCHEMATHESIS_CASES` that many for each route, besides those that try every limit (scripts/test-long
makes 10, which are nearly 10,000 in all and take two minutes).
"""

import base64
import hashlib
import contextlib
import hmac
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
from audio import write_tone
from bot import Bot
from gateway import Gateway
from rawphone import RawPhone
from upstream import Provider
from vendor import KEY, SALT, Exchange, Server

SECRET = "s" * 32
CASES = os.environ.get("SCHEMATHESIS_CASES")


def token():
    """Of an administrator whom no request can remove: people of other systems' tokens are in no directory of ours."""

    def part(value):
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    claims = {"sub": 424242, "login": "fuzz", "role": "admin", "exp": int(time.time()) + 7200}
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}"
    return f"{signed}.{part(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest())}"


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """A gateway that lacks nothing: the exchange answers, the trunk takes calls, people's telephones are registered,
    and there are servers for sounds and streams.
    """
    with contextlib.ExitStack() as stack:
        exchange = Exchange()
        stack.callback(exchange.stop)
        sound = write_tone(tmp_path_factory.mktemp("sounds") / "hello.wav", 1300, seconds=3, rate=8000)
        files = Server(lambda *_: (200, {"Content-Type": "audio/wav"}, sound.read_bytes()))
        stack.callback(files.stop)
        bot = stack.enter_context(Bot())
        exchange.content |= {
            "config/users/request": (200, '{"users":[]}'), "stats/request": (200, '{"key":"k"}'), "stats/result": (200, "")}
        provider = stack.enter_context(Provider({}))
        provider.challenges_calls = False
        # No name is found, so that nothing leaves this machine.
        running = stack.enter_context(Gateway(
            JWT_SECRET=SECRET, AUTH_MODE="required", DNS_SERVERS="127.0.0.1", LOG_LEVEL="info", WEBHOOK_TOKEN="token",
            MANGO_OFFICE_API_KEY=KEY, MANGO_OFFICE_API_SALT=SALT,
            MANGO_API_URL=f"{exchange.url}/vpbx", SIP_SERVER=provider.address, SIP_PORT=provider.port,
            CONFERENCE_ROOMS="8000:team", MAX_CONCURRENT_CALLS=100_000, PLAY_HOSTS="127.0.0.1", STREAM_HOSTS="127.0.0.1",
            REALTIME_SERVICE_URL=f"{files.url}"))
        running.servers = {"SOUND": f"{files.url}/hello.wav", "STREAM": bot.url}
        (running.folder / "sounds").mkdir(exist_ok=True)
        shutil.copy(sound, running.folder / "sounds")
        for login in ("anna", "petr"):
            _, extension, password = running.users[login]
            phone = stack.enter_context(RawPhone(running, extension, password)).register(expires=7200)
            threading.Thread(target=phone.take_all, daemon=True).start()
        stopping = threading.Event()
        sweeper = threading.Thread(target=sweep, args=(running, stopping))
        sweeper.start()
        stack.callback(sweeper.join)
        stack.callback(stopping.set)
        yield running


def sweep(gateway, stopping):
    """Ends whatever has been a call for a while, so that there is room for others."""
    known = set()
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token()}"
        while not stopping.wait(1):
            live = {call["id"] for call in session.get(gateway.url("/api/calls/active"), timeout=20).json()["calls"]}
            for number in live & known:
                session.post(gateway.url(f"/api/calls/hangup/{number}"), timeout=20)
            known = live


def test_the_description_is_one_of_openapi(target):
    document = target.request("GET", "/openapi.json").json()
    assert document["openapi"] == "3.1.0" and len(document["paths"]) > 60
    identifiers = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(set(identifiers)) == len(identifiers)


def test_generated_requests_are_answered_as_described(target):
    folder = Path(__file__).parent
    long = ["--phases", "examples,coverage,fuzzing", "--max-examples", CASES or ""]
    amount = long if CASES else ["--phases", "examples,fuzzing", "--max-examples", "3", "--max-time", "40", "--seed", "20"]
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(folder / "schemathesis.toml"), "run",
            target.url("/openapi.json"), "--header", f"Authorization: Bearer {token()}", "--continue-on-failure",
            "--workers", "2", "--no-shrink", "--request-timeout", "20", "--output-truncate", "true", *amount,
        ], cwd=target.folder, text=True, capture_output=True, timeout=3600, check=False,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(folder / "generated.py"), "GATEWAY": target.url("").rstrip("/"),
             "TOKEN": token(), **target.servers})
    print("".join(line + "\n" for line in done.stdout.splitlines() if "generated" in line or "Tested:" in line))
    assert done.returncode == 0, done.stdout[-50_000:] + done.stderr[-2000:]
    cases = int(re.search(r"(\d+) generated", done.stdout).group(1))
    assert cases >= (5000 if CASES else 50)
