"""Tells whether the machine itself kept up while something was recorded: a starved machine proves nothing about sound."""

import threading
import time

# A pause of the machine longer than this is heard by whoever plays or records.
TOLERATED = 0.025


class Steadiness:
    """Watches how late short sleeps end; `is_steady` afterwards."""

    def __enter__(self):
        self.worst = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self):
        while not self._stopping.is_set():
            start = time.monotonic()
            time.sleep(0.005)
            self.worst = max(self.worst, time.monotonic() - start - 0.005)

    def __exit__(self, *_):
        self._stopping.set()
        self._thread.join()

    @property
    def is_steady(self):
        return self.worst <= TOLERATED


def steadily(record, attempts=4):
    """What `record()` answers, from the first time the machine kept up; the last attempt counts in any case."""
    for _ in range(attempts):
        with Steadiness() as machine:
            recorded = record()
        if machine.is_steady:
            break
    return recorded
