"""Speech and tones through every pair of codecs, over a clean path and a bad one, judged beside rtpengine.

Twenty calls go through the gateway at once, and then as many through rtpengine: the same sounds, and on the bad path
the same packets lost and late. `CODEC_SEED` gives another bad path.
"""

import concurrent.futures
import contextlib
import itertools
import os
import socket
from collections import namedtuple

import pytest
from measured import TABLES
from endcodecs import CODECS, description, encode
from gateway import Gateway
from listening import at_best, judge
from machine import TOLERATED
from rawphone import RawPhone
from rtpengine import Rtpengine
from rtpexchange import Network, Stream, exchange
from speech import RATE, Programme

SEED = os.environ.get("CODEC_SEED", "20")
NETWORKS = {"clean": Network(), "bad": Network(loss=0.05, jitter=0.04)}
CALLS = [(network, *pair) for network in NETWORKS for pair in itertools.combinations_with_replacement(CODECS, 2)]
NUMBERS = range(2000, 2000 + 2 * len(CALLS))
# By how much PESQ differs from one run to the next: a packet more or less is in time, a period more or less is made up.
SCATTER = {"clean": 0.1, "bad": 0.3}


class Way(namedtuple("Way", "network source target")):
    """One direction of a call."""

    def __str__(self):
        return "-".join(self)

    @property
    def is_relayed(self):
        return self.source == self.target


WAYS = [Way(*way) for way in itertools.product(NETWORKS, CODECS, CODECS)]
each_way = pytest.mark.parametrize("way", WAYS, ids=str)


class Sound:
    """What every end says, encoded once."""

    def __init__(self):
        self.programme = Programme()
        self.payloads = {name: encode(name, self.programme.samples, RATE) for name in CODECS}

    def departures(self, way):
        return NETWORKS[way.network].departures(len(self.payloads[way.source]), f"{SEED} {way}")

    def exchange(self, joined):
        """Lets both ends of every call talk; answers the packets that each way brought, and how late one was sent.

        `joined` has for each call of `CALLS` the sockets of its ends and the descriptions they were given.
        """
        ends, streams = {}, []
        for (network, caller, callee), (sockets, told) in zip(CALLS, joined, strict=True):
            ways = Way(network, caller, callee), Way(network, callee, caller)
            first, second = (
                Stream(sock, CODECS[way.source], self.payloads[way.source], self.departures(way), text)
                for sock, way, text in zip(sockets, ways, told))
            streams += [first, second]
            # What goes one way is heard at the other end.
            ends[ways[1]], ends[ways[0]] = first, second
        late = exchange(streams)
        return {way: stream.received for way, stream in ends.items()}, late


def connect(caller, callee):
    """A call from one phone to another, answered; the descriptions they were given."""
    callee.register()
    with concurrent.futures.ThreadPoolExecutor(1) as answering:
        invite = answering.submit(callee.answer)
        return caller.call(callee.username).body, invite.result().body


def phone_of(gateway, number, codec):
    return RawPhone(gateway, str(number), f"secret-{number}", lambda port: description(codec, port))


def through_the_gateway(sound):
    users = ",".join(f"{number}:secret-{number}:{number}:End" for number in NUMBERS)
    with Gateway(SIP_USERS=users, LOG_LEVEL="info") as gateway, contextlib.ExitStack() as phones:
        numbers, calls = iter(NUMBERS), []
        for _, *codecs in CALLS:
            ends = [phones.enter_context(phone_of(gateway, next(numbers), codec)) for codec in codecs]
            calls.append((ends, connect(*ends)))
        heard = sound.exchange([([phone.media for phone in ends], told) for ends, told in calls])
        for (caller, callee), _ in calls:
            caller.hang_up()
            callee.respond(callee.wait_request("BYE"), 200, "OK")
    return heard


def through_the_peer(sound):
    with Rtpengine("--jitter-buffer=10") as peer, contextlib.ExitStack() as sockets:
        joined = []
        for _, *codecs in CALLS:
            pair = [sockets.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in codecs]
            for one in pair:
                one.bind(("127.0.0.1", 0))
            offer, answer = (description(*end) for end in zip(codecs, (one.getsockname()[1] for one in pair)))
            joined.append((pair, peer.join(offer, answer, codecs[1])))
        return sound.exchange(joined)


def in_time(through, sound):
    """What came, from the first time the machine kept the senders' pace; the second time counts in any case."""
    heard, late = through(sound)
    return heard if late <= TOLERATED else through(sound)[0]


@pytest.fixture(scope="module")
def sound():
    return Sound()


@pytest.fixture(scope="module")
def heard(sound):
    """The packets that came through the gateway, by their way."""
    return in_time(through_the_gateway, sound)


@pytest.fixture(scope="module")
def verdicts(sound, heard, request):
    """How each way sounded: through the gateway, through the peer, and at best."""
    peer = in_time(through_the_peer, sound)
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        asked = {way: [
            pool.submit(judge, sound.programme, way.source, way.target, heard[way]),
            pool.submit(judge, sound.programme, way.source, way.target, peer[way]),
            pool.submit(at_best, sound.programme, way.source, way.target, sound.departures(way))] for way in WAYS}
        found = {way: [verdict.result() for verdict in three] for way, three in asked.items()}
    lines = [f"{'path':6} {'from':5} {'to':5} {'tandem':>7} {'rtpengine':>10} {'at best':>8}"]
    lines += [
        f"{way.network:6} {way.source:5} {way.target:5} {ours.pesq:7.2f} {theirs.pesq:10.2f} {best.pesq:8.2f}"
        for way, (ours, theirs, best) in found.items()]
    request.config.stash[TABLES].append((f"PESQ, seed {SEED}", lines))
    return found


@each_way
def test_nothing_is_missing_in_what_comes(sound, heard, way):
    packets = sorted(heard[way])
    if way.is_relayed:
        # Untouched: the very payloads that were not lost on the way here.
        departures = sound.departures(way)
        sent = [one for one, leaves in zip(sound.payloads[way.source], departures) if leaves is not None]
        assert [packet.payload for packet in packets] == sent
    else:
        frame = CODECS[way.target].clock // 50
        steps = {(after.place - before.place, (after.sequence - before.sequence) & 0xFFFF)
                 for before, after in zip(packets, packets[1:])}
        assert steps == {(frame, 1)}, f"steps of {steps}"


@each_way
def test_tones_keep_their_level_and_frequency(verdicts, way):
    for tone in verdicts[way][0].tones:
        assert abs(tone.level) <= 1, f"{tone.hertz} Hz come {tone.level:+.2f} dB louder"
        assert abs(tone.heard - tone.hertz) <= tone.hertz / 100, f"{tone.heard:.1f} Hz instead of {tone.hertz}"
        if way.network == "clean":
            assert tone.gap <= 0.06, f"{tone.hertz} Hz have a gap of {tone.gap * 1000:.0f} ms"


@each_way
def test_speech_keeps_its_level_and_quality(verdicts, way):
    ours, theirs, _ = verdicts[way]
    assert abs(ours.level) <= 1, f"speech comes {ours.level:+.2f} dB louder"
    assert ours.pesq >= theirs.pesq - SCATTER[way.network], f"PESQ {ours.pesq:.2f}, the peer's {theirs.pesq:.2f}"


def test_a_bad_path_costs_little_more_than_what_it_loses(verdicts):
    """Beside a gateway that would wait for every packet: over all ways, as one alone depends on a tick's moment."""
    short = [best.pesq - ours.pesq for way, (ours, _, best) in verdicts.items()
             if way.network == "bad" and not way.is_relayed]
    mean = sum(short) / len(short)
    assert mean <= 0.3, f"PESQ is {mean:.2f} below what it could be"
