"""A WebSocket client that sends the frames it is told to, right or wrong, and judges those that come back."""

import base64
import json
import os
import socket
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
NO_CONTEXT = "permessage-deflate; client_no_context_takeover; server_no_context_takeover"


def frame(opcode, payload=b"", fin=True, rsv=0, mask=b"\x11\x22\x33\x44", size=None):
    """One frame; `mask` None leaves it unmasked, `size` (bits: 7, 16, 64) writes the length longer than it must be."""
    length = len(payload)
    size = size or (7 if length < 126 else 16 if length < 65536 else 64)
    head = bytes([fin << 7 | rsv << 4 | opcode])
    flag = 0 if mask is None else 0x80
    if size == 7:
        head += bytes([flag | length])
    else:
        head += bytes([flag | (126 if size == 16 else 127)]) + struct.pack("!H" if size == 16 else "!Q", length)
    if mask is None:
        return head + payload
    key = (mask * (length // 4 + 1))[:length]
    return head + mask + (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(length, "big")


def message(word):
    """A frame's payload that is answered with `word` in it."""
    return json.dumps({"type": "echo", "id": word}, ensure_ascii=False).encode()


def close(code=None, reason=b""):
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason)


class Socket:
    """One connection to /ws; what comes back must be frames as a server may send them."""

    def __init__(self, gateway, extensions=None, *fields):
        self.connection = socket.create_connection(("127.0.0.1", gateway.port), 5)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection.settimeout(5)
        self.data = b""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = ["GET /ws HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", *fields]
        if extensions:
            lines.append(f"Sec-WebSocket-Extensions: {extensions}")
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n")
        while b"\r\n\r\n" not in self.data:
            self._more()
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        self.status = int(head.split()[1])
        self.extension = next((line.partition(b":")[2].strip().decode() for line in head.split(b"\r\n")
                               if line.lower().startswith(b"sec-websocket-extensions:")), None)
        if self.status == 101:
            # What is told to everybody first is read.
            self.send(frame(PING, b"first"))
            while self.receive() != (PONG, b"first"):
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, *frames):
        for data in frames:
            self.connection.sendall(data)

    def _more(self):
        more = self.connection.recv(65536)
        if not more:
            raise EOFError
        self.data += more

    def _take(self, count):
        while len(self.data) < count:
            self._more()
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def receive(self):
        """The next frame as (opcode, payload); `rsv` is kept."""
        first, second = self._take(2)
        assert first & 0x80, "the server splits no message"
        assert not second & 0x80, "a server masks nothing"
        length = second & 0x7F
        if length == 126:
            length = struct.unpack("!H", self._take(2))[0]
            assert length > 125, "the shortest form of a length"
        elif length == 127:
            length = struct.unpack("!Q", self._take(8))[0]
            assert length > 65535, "the shortest form of a length"
        self.rsv = first >> 4 & 7
        return first & 0xF, self._take(length)

    def echo(self):
        """The word of the next answer; other frames may not come before."""
        opcode, payload = self.receive()
        assert opcode == TEXT, (opcode, payload)
        answer = json.loads(payload)
        assert answer["type"] == "ack", answer
        return answer["id"]

    def closing(self):
        """The code that the server closes with, after whatever it says before; None when it names none.

        The connection must be closed then, too.
        """
        opcode, payload = self.receive()
        while opcode != CLOSE:
            opcode, payload = self.receive()
        assert len(payload) != 1 and len(payload) <= 125
        payload[2:].decode()
        try:
            self._more()
            raise AssertionError(f"after the close comes {self.data[:100]}")
        except (EOFError, ConnectionError):
            pass
        return struct.unpack("!H", payload[:2])[0] if payload else None
