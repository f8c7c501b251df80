"""dnsmasq as the name server of a test: NAPTR, SRV and addresses, on loopback, knowing nothing else."""

import socket
import subprocess

from gateway import free_port, wait_for


class NameServer:
    """`records` are dnsmasq's own options, such as `srv-host=_sip._udp.carrier.test,one.carrier.test,5060,10,100`."""

    def __init__(self, *records, address="127.0.0.53", port=None):
        self.address, self.port = address, port or free_port(socket.SOCK_DGRAM)
        self.command = [
            "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--bind-interfaces",
            f"--listen-address={address}", f"--port={self.port}", "--local-ttl=30", "--user=root", "--pid-file=",
            "--log-queries", "--log-facility=-", *[f"--{record}" for record in records]]
        self.asked = []

    @property
    def variable(self):
        """What DNS_SERVERS must say."""
        return f"{self.address}:{self.port}"

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self._answers, 5, "dnsmasq to answer")
        return self

    def _answers(self):
        assert self.process.poll() is None, "dnsmasq ended by itself"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.2)
            try:
                probe.sendto(b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05probe\x04test\x00\x00\x01\x00\x01",
                             (self.address, self.port))
                return probe.recv(512)[:2] == b"\x12\x34"
            except OSError:
                return False

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(5)
