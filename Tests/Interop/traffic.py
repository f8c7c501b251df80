"""A little of everything that the metrics count: calls of each kind, good and bad, and what goes on beside them."""

import asyncio
import concurrent.futures
import contextlib
import threading
import time

from carrier import Carrier
from gateway import Gateway, free_ports, free_udp_block
from hookreceiver import Receiver
from peers import Peer, PlainSocket, join
from phone import Phone
from redisserver import Redis
from sipp import SIPp, answering, wait_listening
from upstream import Provider
from vendor import KEY, SALT, Realtime, Story

TRUNK, CUSTOMERS, BUSY, BROKEN = "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"


class Service:
    """What `Story` needs of a gateway."""

    def __init__(self, gateway):
        self.gateway = gateway

    def raw(self, method, path, login=None, **arguments):
        return self.gateway.request(method, path, login=login, **arguments)


@contextlib.contextmanager
def busy_gateway():
    """A gateway with trunks that answer, are busy, fail and want a registration, with Redis, a webhook and a queue."""
    with contextlib.ExitStack() as stack:
        redis = Redis().start()
        stack.callback(redis.stop)
        realtime = Realtime()
        stack.callback(realtime.stop)
        receiver = stack.enter_context(Receiver())
        provider = stack.enter_context(Provider({"house": "secret"}, address="127.0.0.6"))
        port = free_ports(5100, 8880, 4)
        gateway = stack.enter_context(Gateway(
            REDIS_URL=redis.url, SIP_USERS="1003:opus-secret-3:1003:Third", RECORDING="outgoing", LOG_LEVEL="warn", WEBHOOK_HOSTS="127.0.0.1",
            MANGO_OFFICE_API_KEY=KEY, MANGO_OFFICE_API_SALT=SALT, REALTIME_SERVICE_URL=realtime.url,
            WEBHOOK_TOKEN=Realtime.TOKEN))
        stack.enter_context(answering(port, address=TRUNK, media_port=free_udp_block(10000, 19900, 40, 40)))
        wait_listening(TRUNK, port)
        gateway.add("trunks", name="carrier", targets=[{"host": TRUNK, "port": port}], priority=1, keepAliveSeconds=None)
        for name, address, status in (("busy", BUSY, 486), ("broken", BROKEN, 503)):
            carrier = stack.enter_context(Carrier(address, status=status))
            gateway.add("trunks", name=name, targets=[{"host": address, "port": carrier.port}], keepAliveSeconds=None)
        gateway.add("trunks", name="provider", targets=[{"host": provider.address, "port": provider.port}],
                    realm="provider.example",
                    credentials=[{"username": "house", "password": "secret", "registers": True}])
        gateway.add("trunks", name="customers", targets=[{"host": CUSTOMERS, "port": free_ports(5100, 8880, 4)}],
                    sourceNetworks=[f"{CUSTOMERS}/32"], keepAliveSeconds=None)
        for number, trunk in (("7*", "carrier"), ("4*", "busy"), ("5*", "broken")):
            gateway.add("routes", trunk="customers", number=number, destination={"trunk": trunk})
        gateway.add("queues", name="sales", extension="700", maximumWaitSeconds=1, leavesWhenEmpty=False)
        gateway.add("webhooks", name="crm", url=receiver.url, secret=receiver.secret)
        yield gateway


class Customers:
    """Calls from the trunk of customers to a number, without failing where they are refused."""

    def __init__(self, gateway, number, calls, rate, talk, scenario="call"):
        self.sipp = SIPp(scenario, gateway, address=CUSTOMERS, options=[
            "-s", number, "-m", calls, "-r", rate, "-d", talk, "-key", "caller", "+74951234567",
            "-mp", free_udp_block(10000, 19900, 300, 20)])

    def __enter__(self):
        self.sipp.start()

    def __exit__(self, *_):
        try:
            self.sipp.process.wait(60)
        finally:
            self.sipp.stop()


def read(gateway, stop):
    """Clients that read lists, ask for what is not there, and watch; until they are told to stop."""
    paths = ["/api/v1/calls?view=records", "/api/calls", "/api/calls/active", "/api/statistics/overview", "/health"]
    while not stop.wait(0.15):
        for path in paths:
            gateway.request("GET", path, login="admin")
        gateway.request("GET", "/api/v1/calls/999999999", login="admin")
        paths.append(paths.pop(0))


def tell_of_the_exchange(gateway):
    """One call of the exchange, from beginning to end."""
    story = Story(Service(gateway))
    story.leg(1, "Appeared", 0)
    story.leg(2, "Connected", 5)
    story.leg(3, "Disconnected", 60, reason=1110)
    story.summary()


async def _talk(gateway, phone, seconds):
    """Anna's page calls a phone; they talk."""
    async with PlainSocket(gateway, token=gateway.token("anna")) as anna, Peer(440) as peer:
        await anna.wait("authenticated")
        made = await asyncio.to_thread(gateway.make_call, phone.extension, login="anna")
        joining = asyncio.create_task(join(anna, peer, made["id"]))
        await asyncio.to_thread(phone.wait_incoming)
        phone.answer()
        await joining
        await peer.connection_up()
        await asyncio.sleep(seconds)
        await anna.ask("end-call", {"callId": made["id"]})


def run(gateway, seconds=12, rate=1):
    """Some seconds of traffic; every kind of it has ended with the return."""
    stop = threading.Event()
    reader = threading.Thread(target=read, args=(gateway, stop))
    reader.start()
    try:
        _make_calls(gateway, seconds, rate)
    finally:
        stop.set()
        reader.join()


def _make_calls(gateway, seconds, rate):
    talk = 7000
    calls = max(2, int((seconds - talk / 1000) * rate))
    with contextlib.ExitStack() as stack:
        petr = stack.enter_context(Phone(gateway, "1002", tone=660))
        opus = stack.enter_context(Phone(gateway, "1003", password="opus-secret-3", codecs=["opus"], tone=550))
        stack.enter_context(Customers(gateway, "74957654321", calls, rate, talk))
        stack.enter_context(Customers(gateway, "44951234567", max(2, calls // 4), rate, 0, "caller-is-refused"))
        stack.enter_context(Customers(gateway, "54951234567", max(2, calls // 8), rate, 0, "caller-is-refused"))
        tell_of_the_exchange(gateway)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            walk = pool.submit(_walk, opus, seconds)
            # Two judgements of how it sounds, at least: the first alone has no rate.
            asyncio.run(_talk(gateway, petr, max(seconds, 11)))
            walk.result()


def _walk(phone, seconds):
    """A phone waits in the queue, for nobody, and then calls outside, with another codec than is spoken there."""
    for number in range(2):
        phone.dial("700")
        phone.wait_talking(skip=number)
        phone.wait_closed(skip=number)
    phone.dial("+79991234567")
    phone.wait_talking(skip=2)
    time.sleep(seconds / 2)
    phone.hang_up()
