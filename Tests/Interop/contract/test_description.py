"""The interface does what `/openapi.json` says, whatever is sent: generated requests, good and bad (schemathesis).

For 40 seconds; with `SCHEMATHESIS_CASES` that many for each route, besides those that try every limit (scripts/test-long
makes more than 5,000 in all).
"""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway import Gateway

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
def target():
    # No name is found, so that nothing leaves this machine.
    with Gateway(JWT_SECRET=SECRET, AUTH_MODE="required", DNS_SERVERS="127.0.0.1", LOG_LEVEL="info") as running:
        yield running


def test_the_description_is_one_of_openapi(target):
    document = target.request("GET", "/openapi.json").json()
    assert document["openapi"] == "3.1.0" and len(document["paths"]) > 60
    identifiers = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(set(identifiers)) == len(identifiers)


def test_generated_requests_are_answered_as_described(target):
    folder = Path(__file__).parent
    long = ["--phases", "examples,coverage,fuzzing", "--max-examples", CASES]
    amount = long if CASES else ["--phases", "examples,fuzzing", "--max-examples", "3", "--max-time", "40", "--seed", "20"]
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(folder / "schemathesis.toml"), "run",
            target.url("/openapi.json"), "--header", f"Authorization: Bearer {token()}", "--continue-on-failure",
            "--workers", "2", "--no-shrink", "--request-timeout", "20", "--output-truncate", "true", *amount,
        ], cwd=target.folder, text=True, capture_output=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
