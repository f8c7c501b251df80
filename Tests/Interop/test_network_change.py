"""A page's machine changes its network during a call, as a laptop that leaves the Wi-Fi: the call goes on.

Chromium lives in a network namespace of its own, with two links to the one the gateway is in.
"""

import os
import subprocess
import time

import pytest
from audio import assert_tone
from browsers import CHROMIUM, chromium
from gateway import Gateway, free_port

HOST = f"tandem-page-{os.getpid()}"
SERVER = "198.18.9.1"
LINKS = {"wifi": "198.18.10", "cable": "198.18.11"}
# Long enough for any machine; how long it takes is printed.
LIMIT = 15

pytestmark = [
    pytest.mark.interface, pytest.mark.skipif(os.geteuid() != 0, reason="makes a network namespace, which needs root")]


def ip(*words, host=None):
    inside = ["netns", "exec", host, "ip"] if host else []
    subprocess.run(["ip", *inside, *words], check=True, capture_output=True, text=True)


def add_link(name, network, metric):
    """A link of its own between the two hosts, by which the page's host reaches the server."""
    near, far = f"t{name}{os.getpid()}"[:15], name
    ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", HOST)
    ip("address", "add", f"{network}.1/24", "dev", near)
    ip("link", "set", near, "up")
    ip("address", "add", f"{network}.2/24", "dev", far, host=HOST)
    # An address of IPv6 that comes a moment later would be a change of network, too: the page's files would be given up.
    ip("link", "set", far, "addrgenmode", "none", host=HOST)
    ip("link", "set", far, "up", host=HOST)
    ip("route", "add", "default", "via", f"{network}.1", "metric", str(metric), host=HOST)


@pytest.fixture(scope="module")
def host():
    """The page's machine: its Wi-Fi is up, its cable is plugged in, too, and only second choice."""
    ip("netns", "add", HOST)
    try:
        ip("link", "set", "lo", "up", host=HOST)
        ip("address", "add", f"{SERVER}/32", "dev", "lo")
        for metric, (name, network) in enumerate(LINKS.items(), 1):
            add_link(name, network, metric)
        yield HOST
    finally:
        subprocess.run(["ip", "netns", "delete", HOST], check=False, capture_output=True)
        subprocess.run(["ip", "address", "delete", f"{SERVER}/32", "dev", "lo"], check=False, capture_output=True)


@pytest.fixture(scope="module")
def phone(host, tmp_path_factory):
    script = tmp_path_factory.mktemp("chromium") / "chromium"
    script.write_text(f'#!/bin/sh\nexec ip netns exec {host} {CHROMIUM} "$@"\n')
    script.chmod(0o755)
    secure = free_port()
    with Gateway(PUBLIC_IP=SERVER, SIP_LISTEN_HOST="0.0.0.0", HTTPS_PORT=secure) as gateway, \
            chromium(script) as chrome:
        softphone = chrome.open(gateway)
        softphone.address = f"https://{SERVER}:{secure}/"
        yield softphone.sign_in("anna")
        chrome.close_pages()


def test_a_call_outlives_the_network_it_began_in(host, phone):
    phone.dial("9196")
    phone.wait_state("connected")
    phone.wait_media()
    assert_tone(*phone.listen(2), 440)
    before = phone.stats()["packetsReceived"]
    began = time.monotonic()
    ip("link", "set", "wifi", "down", host=host)
    # The flow stops, and comes back over the cable.
    phone.until("""async (before) => {
      const pc = window.tandem?.pc;
      if (!pc || pc.connectionState !== 'connected') return false;
      const all = await pc.getStats();
      const transport = [...all.values()].find((one) => one.type === 'transport');
      const local = all.get(all.get(transport.selectedCandidatePairId)?.localCandidateId);
      if (!local?.address?.startsWith('198.18.11.')) return false;
      for (const one of all.values())
        if (one.type === 'inbound-rtp' && one.packetsReceived > 25) return true;
      return false;
    }""", before, seconds=LIMIT)
    print(f"heard again after {time.monotonic() - began:.1f} s")
    phone.pause(1)
    assert_tone(*phone.listen(3), 440)
    phone.press("hangup")
    phone.wait_state("idle")
