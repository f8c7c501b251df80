"""Does with one container of a manifest what the kubelet does: asks its probes as often as they say, knows when it is ready,
and ends it by its hook, SIGTERM and the grace period."""

import signal
import subprocess
import threading
import time

import requests


class Probe:
    """One probe of a manifest, with the defaults of Kubernetes."""

    def __init__(self, container, name, address):
        spec = container[name]
        port = spec["httpGet"]["port"]
        if isinstance(port, str):
            [port] = [one["containerPort"] for one in container["ports"] if one["name"] == port]
        self.url = f"http://{address}:{port}{spec['httpGet']['path']}"
        self.delay, self.period = spec.get("initialDelaySeconds", 0), spec.get("periodSeconds", 10)
        self.timeout, self.threshold = spec.get("timeoutSeconds", 1), spec.get("failureThreshold", 3)
        self.failures = 0

    def ask(self):
        """Whether it has not failed too often in a row; None for a failure that does not count yet."""
        try:
            succeeds = 200 <= requests.get(self.url, timeout=self.timeout, allow_redirects=False).status_code < 400
        except requests.RequestException:
            succeeds = False
        self.failures = 0 if succeeds else self.failures + 1
        return True if succeeds else False if self.failures >= self.threshold else None


class Kubelet:
    """Watches a pod of one container from its start: `is_started`, `is_ready`, and whether it would be `restarted`."""

    def __init__(self, pod, gateway, address):
        [container] = pod["containers"]
        self.gateway = gateway
        self.grace = pod["terminationGracePeriodSeconds"]
        self.hook = container["lifecycle"]["preStop"]["exec"]["command"]
        self.startup, self.readiness, self.liveness = (
            Probe(container, name, address) for name in ("startupProbe", "readinessProbe", "livenessProbe"))
        self.is_started = self.is_ready = self.restarted = self._is_ending = False
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._watch, daemon=True)]
        self._threads[0].start()

    def _watch(self):
        self._is_over.wait(self.startup.delay)
        while not self.is_started and not self.restarted and not self._is_over.is_set():
            answer = self.startup.ask()
            self.is_started, self.restarted = answer is True, answer is False
            self._is_over.wait(0 if self.is_started else self.startup.period)
        for watch in (self._watch_readiness, self._watch_liveness):
            self._threads.append(threading.Thread(target=watch, daemon=True))
            self._threads[-1].start()

    def _watch_readiness(self):
        while not self._is_over.is_set():
            answer = self.readiness.ask()
            self.is_ready = self.is_ready if answer is None else answer
            self._is_over.wait(self.readiness.period)

    def _watch_liveness(self):
        # One that ends is not asked any more whether it lives.
        while not self._is_over.is_set() and not self._is_ending:
            self.restarted = self.restarted or self.liveness.ask() is False
            self._is_over.wait(self.liveness.period)

    def end(self, hooked=lambda: None):
        """Deletes the pod in the background, as Kubernetes does; `finish` answers how it went. `hooked` is called between
        the hook and SIGTERM."""
        self._is_ending = True
        self._began = time.monotonic()

        def hook():
            done = self.gateway.execute(*self.hook, seconds=self.grace)
            self.hook_status = done.returncode
            hooked()
            self.gateway.signal(signal.SIGTERM)

        self._ending = threading.Thread(target=hook, daemon=True)
        self._ending.start()

    def finish(self):
        """Waits for the end; the program's status (None: it was killed when its grace was over) and the seconds it took."""
        self._ending.join()
        try:
            status = self.gateway.wait(self.grace - (time.monotonic() - self._began))
        except subprocess.TimeoutExpired:
            self.gateway.kill()
            status = None
        self.gateway.process = None
        self.stop()
        return status, time.monotonic() - self._began

    def stop(self):
        self._is_over.set()
        for thread in self._threads:
            thread.join()
