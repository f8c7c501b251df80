"""rtpengine as the peer that transcodes: in userspace, driven over its ng protocol."""

import itertools
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from gateway import free_port, free_udp_block, wait_for


def bencode(value):
    if isinstance(value, dict):
        return b"d" + b"".join(bencode(key) + bencode(one) for key, one in sorted(value.items())) + b"e"
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    data = value.encode()
    return b"%d:%s" % (len(data), data)


def bdecode(data):
    value, _ = _decode(data, 0)
    return value


def _decode(data, at):
    """The value that begins there, and where it ends."""
    kind = data[at:at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if kind in b"ld":
        values, at = [], at + 1
        while data[at:at + 1] != b"e":
            value, at = _decode(data, at)
            values.append(value)
        return (values if kind == b"l" else dict(zip(values[::2], values[1::2]))), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1:end].decode("utf8", "replace"), end


class Rtpengine:
    """One running rtpengine; its calls end with it."""

    def __init__(self, *options):
        self.options = options
        self.folder = Path(tempfile.mkdtemp(prefix="tandem-rtpengine-"))
        self.control = ("127.0.0.1", free_port(socket.SOCK_DGRAM))
        self._cookies, self._calls = itertools.count(1), itertools.count(1)

    def __enter__(self):
        first = free_udp_block(20000, 29999, 400, 400)
        self.process = subprocess.Popen(
            ["rtpengine", "--config-file=none", "--foreground", "--log-stderr", "--log-level=4", "--table=-1",
             "--interface=127.0.0.1", "--listen-ng=%s:%d" % self.control, f"--port-min={first}",
             f"--port-max={first + 399}", "--delete-delay=0", *self.options, f"--pidfile={self.folder / 'pid'}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(1)
        self._socket.connect(self.control)
        wait_for(self._answers, 10, "rtpengine to answer")
        return self

    def _answers(self):
        assert self.process.poll() is None, "rtpengine ended by itself"
        try:
            return self.ask(command="ping")["result"] == "pong"
        except OSError:
            return False

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self._socket.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, **message):
        cookie = b"c%d " % next(self._cookies)
        self._socket.send(cookie + bencode({name.replace("_", "-"): value for name, value in message.items()}))
        while not (reply := self._socket.recv(65536)).startswith(cookie):
            pass
        return bdecode(reply[len(cookie):])

    def join(self, offer, answer, codec):
        """A call between two descriptions, `codec` being the answer's: what each end is told, the caller's first."""
        call = {"call_id": f"call{next(self._calls)}", "from_tag": "caller"}
        change = {"mask": ["all"], "transcode": [codec]} if f" {codec}/" not in offer else {}
        offered = self.ask(command="offer", sdp=offer, codec=change, **call)
        assert offered["result"] == "ok", offered
        answered = self.ask(command="answer", sdp=answer, to_tag="callee", **call)
        assert answered["result"] == "ok", answered
        return answered["sdp"], offered["sdp"]
