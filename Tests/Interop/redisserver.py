"""A redis-server of a test's own."""

import subprocess

from gateway import free_ports, wait_for


class Redis:
    """One server, which forgets everything when it ends."""

    def __init__(self):
        self.port, self.process = free_ports(54000, 55900, 1), None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/2"

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL)
        wait_for(lambda: self.ask("PING", check=False) == "PONG", 5, "redis-server")
        return self

    def ask(self, *words, check=True):
        answer = subprocess.run(
            ["redis-cli", "-p", str(self.port), "-n", "2", *words], capture_output=True, text=True, check=check)
        return answer.stdout.strip()

    def call(self, made):
        """The hash of a live call; empty when there is none."""
        lines = self.ask("HGETALL", f"call:{made['uuid']}").splitlines()
        return dict(zip(lines[::2], lines[1::2]))

    def live(self):
        return set(self.ask("SMEMBERS", "calls:active").split())

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
