"""Many RTP streams at once, paced by one loop: what is sent is lost and delayed by a seed before it leaves."""

import ctypes
import random
import re
import select
import struct
import time
from collections import namedtuple

# `place` is the RTP time since the first packet of the stream.
Received = namedtuple("Received", "place sequence payload_type payload")
FRAME = 0.02


class Network:
    """What a path does to packets: the share that is lost, and the delay in seconds, from none to twice the jitter.

    Packets overtake each other. The first of a stream comes at once: what came later and was sent before it would
    belong to no stream yet.
    """

    def __init__(self, loss=0.0, jitter=0.0):
        self.loss, self.jitter = loss, jitter

    def departures(self, count, seed):
        """When each of so many packets leaves, in seconds; None for one that is lost."""
        chance = random.Random(seed)
        drawn = [(chance.random(), chance.random()) for _ in range(count)]
        drawn[0] = (1.0, 0.0)
        return [None if lost < self.loss else number * FRAME + late * 2 * self.jitter
                for number, (lost, late) in enumerate(drawn)]


class Stream:
    """One end of a call: sends `payloads` from its socket as the far end's description wants, and keeps what comes."""

    def __init__(self, sock, codec, payloads, departures, told):
        self.socket, self.codec = sock, codec
        self.target = re.search(r"c=IN IP4 (\S+)", told)[1], int(re.search(r"m=audio (\d+)", told)[1])
        self._arrived = []
        sock.setblocking(False)
        ticks, ssrc = codec.clock // 50, random.getrandbits(32)
        first, origin = random.getrandbits(15), random.getrandbits(32)
        number = re.search(rf"a=rtpmap:(\d+) {re.escape(codec.mapping)}", told, re.I)
        payload_type = int(number[1]) if number else codec.payload_type
        self.schedule = []
        for number, (payload, leaves) in enumerate(zip(payloads, departures, strict=True)):
            header = struct.pack(
                "!BBHII", 0x80, payload_type | (0x80 if number == 0 else 0), (first + number) & 0xFFFF,
                (origin + number * ticks) & 0xFFFFFFFF, ssrc)
            if leaves is not None:
                self.schedule.append((leaves, header + payload))

    def receive(self):
        try:
            while True:
                self._arrived.append(self.socket.recv(2048))
        except BlockingIOError:
            return

    @property
    def received(self):
        """The packets of audio, in the order in which they came; all are of one source."""
        packets = [packet for packet in self._arrived if len(packet) > 12 and not 192 <= packet[1] <= 223]
        assert packets, "nothing was heard"
        headers = [struct.unpack_from("!BHII", packet, 1) for packet in packets]
        assert len({header[3] for header in headers}) == 1, "the stream changes its source"
        assert all(packet[0] == 0x80 for packet in packets), "a header with extensions"
        origin = headers[0][2]
        return [
            Received(ctypes.c_int32(stamp - origin).value, sequence, kind & 127, packet[12:])
            for packet, (kind, sequence, stamp, _) in zip(packets, headers)]


def exchange(streams, settle=0.5):
    """Lets all of them send to their ends; answers by how many seconds the latest packet left too late."""
    # The streams' own clocks are spread over one frame.
    schedule = sorted(
        (leaves + FRAME * index / len(streams), index, packet)
        for index, stream in enumerate(streams) for leaves, packet in stream.schedule)
    arrivals, by_number = select.epoll(), {stream.socket.fileno(): stream for stream in streams}
    for number in by_number:
        arrivals.register(number, select.EPOLLIN)
    began, worst = time.monotonic(), 0.0
    for leaves, index, packet in schedule:
        while (early := began + leaves - time.monotonic()) > 0:
            for number, _ in arrivals.poll(early):
                by_number[number].receive()
        worst = max(worst, -early)
        streams[index].socket.sendto(packet, streams[index].target)
    end = time.monotonic() + settle
    while (left := end - time.monotonic()) > 0:
        for number, _ in arrivals.poll(left):
            by_number[number].receive()
    arrivals.close()
    return worst
