"""The rows of the wire contract that this folder tests, and the mark that ties a test to its row.

The rows of REST are the routes of the running program as `/openapi.json` has them, one for each family that knows the
route, named by the family's document (or by the family, where it has none).
"""

DOCUMENTS = {"records": "000", "mango": "001", "crm": "002", "pbx": "003", "gateway": "004"}

COLLISIONS = [
    "GET /api/calls/active", "/api/v1/calls", "GET /health", "/api/calls/:id", "error body",
]

GENERAL = [
    "0.1 ids", "0.2 views", "0.3 time", "0.4 phones", "0.5 auth", "0.6 visibility", "0.7 errors", "0.8 bodies",
    "0.8 compression", "0.8 headers", "0.8 static segments", "0.8 trailing slash", "0.9 dialect", "idempotency",
    "entity tags",
]

BESIDES = [f"1.6 {row}" for row in COLLISIONS] + [f"0 {row}" for row in GENERAL]


def rows_of(document):
    """The rows of a description of the interface."""
    for path, operations in document["paths"].items():
        template = path.replace("{", ":").replace("}", "")
        for method, operation in operations.items():
            for family in operation["tags"]:
                yield f"{DOCUMENTS.get(family, family)} {method.upper()} {template}"


def covers(*rows):
    """Marks the test of some rows."""

    def mark(test):
        test.rows = rows
        return test

    return mark
