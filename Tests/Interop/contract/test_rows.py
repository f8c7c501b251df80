"""Every row of the contract has a test, and every route of the program is a row."""

import importlib
import sys
from collections import Counter
from pathlib import Path

from rows import BESIDES, rows_of


# Tests of other folders that show rows too.
NEIGHBOURS = ["test_database", "test_log_level", "test_operators"]


def functions():
    """The test functions of this folder and of its neighbours."""
    folder = Path(__file__).parent
    for name in [*sorted(path.stem for path in folder.glob("test_*.py")), *NEIGHBOURS]:
        module = sys.modules.get(name) or importlib.import_module(name)
        yield from (value for name, value in vars(module).items() if name.startswith("test_"))


def test_every_row_has_its_test_and_every_test_its_row(service):
    rows = Counter(rows_of(service.ask("GET", "/openapi.json", login=None)))
    assert [row for row, count in rows.items() if count > 1] == []
    covered = {row for test in functions() for row in getattr(test, "rows", ())}
    assert sorted({*rows, *BESIDES} - covered) == [], "routes without a test"
    assert sorted(covered - {*rows, *BESIDES}) == [], "tests of routes that are not there"
