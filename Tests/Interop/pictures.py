"""Draws the pictures of the README from the running program: `scripts/pictures`."""

import sys
import tempfile
import time
from pathlib import Path

import traffic
from browsers import chromium
from gateway import REPOSITORY, Gateway
from panels import Picture
from prometheus import Prometheus, dashboards
from stage import Stage
from test_broken_calls import loss

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "docs"


def draw_page():
    with Gateway() as gateway, chromium() as browsers:
        page = browsers.open(gateway)
        page.page.set_viewport_size({"width": 1120, "height": 760})
        page.sign_in("anna")
        for number in ("9197", "9664"):
            page.dial(number)
            page.wait_state("connected")
            page.pause(1.2)
            page.press("hangup")
            page.wait_state("idle", "ended")
            page.pause(3)
        page.dial("9196")
        page.wait_state("connected")
        page.wait_media()
        page.pause(6)
        page.page.screenshot(path=str(FOLDER / "console.png"))
        page.press("hangup")


def draw_diagnosis():
    """The page of a call of which every fourth packet was lost."""
    with Gateway(SIP_TRACE="always") as gateway, chromium() as browsers, tempfile.TemporaryDirectory() as folder:
        stage = Stage(gateway)
        number, _ = loss(stage)
        stage.wait_over(number)
        # The signalling is written two seconds after the end.
        time.sleep(3)
        file = Path(folder) / "diagnosis.html"
        file.write_text(stage.diagnosis(number, "html"))
        stage.close()
        page = browsers.new_page()
        page.set_viewport_size({"width": 1000, "height": 700})
        page.goto(file.as_uri())
        page.screenshot(path=str(FOLDER / "diagnosis.png"), full_page=True)


def draw_dashboards():
    """What they show of two minutes with traffic that comes and goes."""
    folder = FOLDER / "dashboards"
    folder.mkdir(exist_ok=True)
    with traffic.busy_gateway() as gateway, Prometheus(gateway) as prometheus:
        start = time.time() + 2
        for rate in (0.5, 1, 2, 1):
            traffic.run(gateway, seconds=24, rate=rate)
        for name, board in dashboards().items():
            (folder / f"{name}.svg").write_text(Picture(board, prometheus, start, time.time()).draw())


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    draw_page()
    draw_diagnosis()
    draw_dashboards()
