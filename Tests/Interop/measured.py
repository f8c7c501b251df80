"""What tests measured, shown when all of them are done."""

import pytest

# The key of a list of (title, lines) in the stash of pytest's configuration.
TABLES = pytest.StashKey()
