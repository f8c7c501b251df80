"""A flood of SIP from forged addresses of loopback, and a count of what comes back to them."""

import ctypes
import random
import socket
import struct
import threading
import time

INVITE = """INVITE sip:{n}@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP {source};branch=z9hG4bK{n}
Max-Forwards: 70
From: <sip:x@{source}>;tag={n}
To: <sip:{n}@127.0.0.1>
Call-ID: {n}
CSeq: 1 {method}
Contact: <sip:x@{source}>
User-Agent: flood
Content-Length: 0

"""
METHODS = ("INVITE", "REGISTER", "OPTIONS", "SUBSCRIBE")


def message(kind, number, source):
    if kind == "garbage":
        return random.randbytes(random.randrange(1, 600))
    text = INVITE.format(n=number, source=source, method=kind).replace("INVITE", kind, 1)
    return text.replace("\n", "\r\n").encode()


class Flood(threading.Thread):
    """Sends `rate` messages a second, each from another random address, or all from `source`, until it is stopped."""

    def __init__(self, port, rate, source=None, kinds=(*METHODS, "garbage")):
        super().__init__(daemon=True)
        self.port, self.rate, self.source, self.kinds = port, rate, source, kinds
        self.sent, self.running = 0, True
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def address(self):
        """One of sixteen million, none of which a test's own peers have."""
        return self.source or f"127.{random.randrange(100, 250)}.{random.randrange(256)}.{random.randrange(1, 255)}"

    def packets(self, count):
        """Whole IP packets, made beforehand but for their source: making them is slower than sending them."""
        for number in range(count):
            source = self.address()
            payload = message(random.choice(self.kinds), random.randrange(1 << 40), source)
            udp = struct.pack("!HHHH", random.randrange(1024, 65536), self.port, 8 + len(payload), 0)
            head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), number & 0xFFFF, 0, 64, 17, 0,
                               socket.inet_aton(source), socket.inet_aton("127.0.0.1"))
            yield bytearray(head + udp + payload)

    def run(self):
        ready = list(self.packets(20_000))
        began = time.monotonic()
        while self.running:
            due = int((time.monotonic() - began) * self.rate)
            for _ in range(min(due - self.sent, 500)):
                packet = ready[self.sent % len(ready)]
                packet[12:16] = socket.inet_aton(self.address())
                self.socket.sendto(packet, ("127.0.0.1", 0))
                self.sent += 1
            time.sleep(0.001)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.running = False
        self.join()
        self.socket.close()


class Echoes(threading.Thread):
    """Counts the bytes that the SIP port sends to each address of the flood."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.running, self.bytes = True, {}
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        self.socket.bind(("lo", 0x0800))
        # A classic BPF program: UDP from our port, to 127.100.0.0 and above.
        steps = [(0x30, 0, 0, 9), (0x15, 0, 5, 17), (0x28, 0, 0, 20), (0x15, 0, 3, port), (0x20, 0, 0, 16),
                 (0x35, 0, 1, 0x7F640000), (0x6, 0, 0, 64), (0x6, 0, 0, 0)]
        program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
        self.socket.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", len(steps), ctypes.addressof(program)))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)
        self.socket.settimeout(0.2)

    def run(self):
        while self.running:
            try:
                data, source = self.socket.recvfrom(64)
            except TimeoutError:
                continue
            if source[2] != 4 and len(data) >= 28:
                address = data[16:20]
                self.bytes[address] = self.bytes.get(address, 0) + struct.unpack("!H", data[24:26])[0] - 8

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.running = False
        self.join()
        self.socket.close()
