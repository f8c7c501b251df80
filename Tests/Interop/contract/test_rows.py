"""Every row of the contract has a test."""

import importlib
import sys
from collections import Counter
from pathlib import Path

from rows import ROWS


def functions():
    """The test functions of this folder."""
    folder = Path(__file__).parent
    for path in sorted(folder.glob("test_*.py")):
        module = sys.modules.get(path.stem) or importlib.import_module(path.stem)
        yield from (value for name, value in vars(module).items() if name.startswith("test_"))


def test_every_row_has_its_test():
    covered = Counter(row for test in functions() for row in getattr(test, "rows", ()))
    assert sorted(set(ROWS) - set(covered)) == []


def test_no_row_is_listed_twice():
    assert [row for row, count in Counter(ROWS).items() if count > 1] == []
