"""A network for telephones behind a router, in namespaces of its own: needs root."""

import contextlib
import ctypes
import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

NAMES = [f"tandem-{name}-{os.getpid()}" for name in ("router", "phone")]
SERVER, PHONE = "198.18.30.1", "198.18.31"
DEAF, MUTE = f"{PHONE}.3", f"{PHONE}.4"
CLONE_NEWNET = 0x40000000


def ip(*words, at=None):
    inside = ["netns", "exec", at, "ip"] if at else []
    subprocess.run(["ip", *inside, *words], check=True, capture_output=True, text=True)


@contextlib.contextmanager
def router():
    """A phone's network behind a router: to one address there it lets nothing pass, to another nothing either way."""
    router, phone = NAMES
    near = f"tb{os.getpid()}"
    for name in NAMES:
        ip("netns", "add", name)
    try:
        ip("link", "add", near, "type", "veth", "peer", "name", "wan", "netns", router)
        ip("link", "add", "lan", "netns", router, "type", "veth", "peer", "name", "eth", "netns", phone)
        for link, address, at in [(near, f"{SERVER}/24", None), ("wan", "198.18.30.2/24", router),
                                  ("lan", f"{PHONE}.1/24", router), ("eth", f"{PHONE}.2/24", phone),
                                  ("eth", f"{DEAF}/24", phone), ("eth", f"{MUTE}/24", phone)]:
            ip("address", "add", address, "dev", link, at=at)
            ip("link", "set", link, "up", at=at)
        ip("route", "add", f"{PHONE}.0/24", "via", "198.18.30.2")
        ip("route", "add", "default", "via", f"{PHONE}.1", at=phone)
        subprocess.run(["ip", "netns", "exec", router, "sysctl", "-qw", "net.ipv4.ip_forward=1",
                        "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.lan.rp_filter=0"], check=True)
        for address in (DEAF, MUTE):
            ip("rule", "add", "to", address, "blackhole", at=router)
        ip("rule", "add", "from", MUTE, "blackhole", at=router)
        yield
    finally:
        for name in NAMES:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def socket_there():
    """A UDP socket in the phone's network."""
    def make():
        with open(f"/run/netns/{NAMES[1]}", "rb") as place:
            assert ctypes.CDLL(None, use_errno=True).setns(place.fileno(), CLONE_NEWNET) == 0
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # A thread that has moved there is of no other use.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(make).result()
