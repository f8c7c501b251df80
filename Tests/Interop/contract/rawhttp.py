"""Bytes as nobody's library would send them, and tokens as nobody's library would sign them."""

import base64
import hashlib
import hmac
import json
import re
import socket
import time


class Answer:
    """One answer of the server, as it came."""

    def __init__(self, head, body):
        first, *lines = head.split(b"\r\n")
        self.status = int(first.split()[1])
        self.fields = {}
        for line in lines:
            name, _, value = line.partition(b":")
            self.fields[name.strip().lower().decode()] = value.strip().decode("utf-8", "replace")
        self.head, self.body = head, body

    def __repr__(self):
        return f"{self.status} {self.body[:200]!r}"


def exchange(gateway, *pieces, seconds=8, pause=0.0):
    """Sends pieces and reads until the server closes or `seconds` have passed: (bytes heard, whether it closed)."""
    heard = b""
    with socket.create_connection(("127.0.0.1", gateway.port), 5) as connection:
        connection.settimeout(seconds)
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
        except ConnectionError:
            # It was refused before all of it was sent; what it said is still to be read.
            pass
        try:
            while more := connection.recv(65536):
                heard += more
        except ConnectionError:
            pass
        except TimeoutError:
            return heard, False
    return heard, True


def answers(heard):
    """The answers in what was heard; interim ones are left out."""
    found = []
    while heard:
        head, separator, rest = heard.partition(b"\r\n\r\n")
        assert separator and head.startswith(b"HTTP/1.1 "), f"no answer: {heard[:200]}"
        answer = Answer(head, b"")
        size = int(answer.fields.get("content-length", 0))
        answer.body, heard = rest[:size], rest[size:]
        assert len(answer.body) == size, f"a part of an answer: {head}"
        if answer.status >= 200:
            found.append(answer)
    return found


def ask(gateway, *pieces, **more):
    """All answers to what is sent on one connection, which the server must close."""
    heard, is_closed = exchange(gateway, *pieces, **more)
    assert is_closed, f"the connection stays open after {heard[:200]}"
    return answers(heard)


def request(gateway, target, *fields, method="GET", body=b"", token=None):
    """The one answer to a request whose target and fields are sent as they are."""
    lines = [f"{method} ".encode() + target + b" HTTP/1.1", b"Host: 127.0.0.1", b"Connection: close", *fields]
    if token:
        lines.append(f"Authorization: Bearer {token}".encode())
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    [answer] = ask(gateway, b"\r\n".join(lines) + b"\r\n\r\n" + body)
    return answer


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(claims, secret, algorithm="HS256", hashed=hashlib.sha256, **header):
    """A token signed by whoever has the secret; an algorithm of None has no signature."""
    parts = [{"alg": algorithm, "typ": "JWT", **header}, claims]
    text = ".".join(encoded(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in parts)
    if hashed is None:
        return text + "."
    return text + "." + encoded(hmac.new(secret.encode(), text.encode(), hashed).digest())


def with_claims(token, change):
    """The token with other claims and the signature it had."""
    head, claims, signature = token.split(".")
    read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return ".".join([head, encoded(json.dumps({**read, **change}).encode()), signature])


def resident(gateway):
    """What the program holds of the machine's memory, in MiB."""
    with open(f"/proc/{gateway.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024
