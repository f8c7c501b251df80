import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from browsers import chromium  # noqa: E402
from gateway import Gateway  # noqa: E402
from measured import TABLES  # noqa: E402


def pytest_configure(config):
    config.stash[TABLES] = []


def pytest_terminal_summary(terminalreporter, config):
    for title, lines in config.stash[TABLES]:
        terminalreporter.section(title)
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture(scope="module")
def chrome():
    """Chromium, one for all tests of a file."""
    with chromium() as running:
        yield running


@pytest.fixture
def gateway():
    """A gateway with embedded defaults."""
    with Gateway() as running:
        yield running


@pytest.fixture
def stopped():
    """A gateway that is not started yet; what it leaves is removed."""
    gateways = []

    def make(**environment):
        gateways.append(Gateway(**environment))
        return gateways[-1]

    yield make
    for gateway in gateways:
        if gateway.process is not None:
            gateway.kill()
        gateway.remove_folder()


@pytest.fixture
def open_gateway():
    """A gateway on a trusted network: no tokens (documents 003 and 004)."""
    with Gateway(AUTH_MODE="off") as running:
        yield running


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what its gateway said."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        for value in item.funcargs.values():
            value = getattr(value, "gateway", value)
            if isinstance(value, Gateway):
                report.sections.append(("gateway output", "\n".join(value.output[-200:])))
