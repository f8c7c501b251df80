"""Kamailio as a provider's registrar and outbound proxy, over UDP, TCP and TLS."""

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from gateway import free_ports, wait_for

CONFIGURATION = Path(__file__).parent / "kamailio" / "registrar.cfg"


class Kamailio:
    """A running registrar for the realm `pbx.test`, where every account has the password `password`."""

    def __init__(self, address="127.0.0.4", password="kamailio-secret"):
        self.host, self.password = address, password
        self.sip_port = free_ports(5100, 8880, 4)
        self.tls_port = self.sip_port + 1
        self.folder = Path(tempfile.mkdtemp(prefix="tandem-kamailio-"))
        self.users = {}

    def __enter__(self):
        self._make_certificate()
        self._write_configuration()
        return self.start()

    def _make_certificate(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", self.key, "-out", self.certificate, "-days", "2", "-subj", "/CN=pbx.test",
             "-addext", f"subjectAltName=DNS:pbx.test,IP:{self.host}"], check=True, capture_output=True)

    def _write_configuration(self):
        text = CONFIGURATION.read_text()
        for word, value in (("ADDRESS", self.host), ("SIP_PORT", self.sip_port), ("TLS_PORT", self.tls_port),
                            ("PASSWORD", self.password), ("CERTIFICATE", self.certificate), ("KEY", self.key)):
            text = text.replace(word, str(value))
        (self.folder / "kamailio.cfg").write_text(text)

    def start(self):
        self.log = (self.folder / "log").open("w")
        self.process = subprocess.Popen(
            ["kamailio", "-f", self.folder / "kamailio.cfg", "-DD", "-E", "-m", "32", "-M", "8", "-Y", self.folder],
            stdout=self.log, stderr=subprocess.STDOUT)
        try:
            wait_for(lambda: self._answers() or self.process.poll() is not None, 10, "Kamailio to answer")
        except AssertionError:
            self.stop()
            raise
        assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
        return self

    certificate = property(lambda self: self.folder / "certificate.pem")
    key = property(lambda self: self.folder / "key.pem")

    def _answers(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((self.host, 0))
            probe.settimeout(0.3)
            port = probe.getsockname()[1]
            probe.sendto((f"OPTIONS sip:{self.host} SIP/2.0\r\nVia: SIP/2.0/UDP {self.host}:{port};branch=z9hG4bKprobe\r\n"
                          "Max-Forwards: 9\r\nFrom: <sip:probe@x>;tag=1\r\nTo: <sip:x>\r\nCall-ID: probe\r\n"
                          "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").encode(), (self.host, self.sip_port))
            try:
                return probe.recv(2000).startswith(b"SIP/2.0 200")
            except OSError:
                return False

    def registered(self, user, transport):
        """Whether that user has registered over that transport."""
        return f"registered {user} over {transport}" in (self.folder / "log").read_text()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
