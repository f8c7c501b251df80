"""Draws the pictures of the README from the running program: `scripts/pictures`."""

import sys
from pathlib import Path

from browsers import chromium
from gateway import REPOSITORY, Gateway

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "docs"


def draw():
    FOLDER.mkdir(exist_ok=True)
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


if __name__ == "__main__":
    draw()
