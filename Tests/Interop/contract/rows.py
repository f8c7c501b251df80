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

# Sections 2.2 to 2.4: what servers and clients send each other.
SERVER_EVENTS = """
authenticated auth_error error active-calls
incoming-call call-answered call-ended call-notes-updated call-hold-changed call-updated call-new
incoming-transfer transfer-initiated transfer-error call-transferred call-status statistics outgoing-call-initiated
call:new call:ringing call:answered call:ended call:updated call:held call:resumed call:transferred calls:active
mango-new-call mango-call-updated
""".split()
CLIENT_EVENTS = """
authenticate answer-call end-call update-call-notes hold-call transfer-call get-active-calls get-call-status
get-statistics initiate-outgoing-call join-room leave-room join-operator
""".split()
# Section 2.5: what pages of document 004 send each other.
SIGNALLING = """
join-call joined-call leave-call left-call offer answer ice-candidate error call-status
""".split() + ["plain WebSocket"]
EVENTS = [
    *(f"2.3 {name}" for name in SERVER_EVENTS), *(f"2.4 {name}" for name in CLIENT_EVENTS),
    *(f"2.5 {name}" for name in SIGNALLING),
]

# Section 9: the minimal acceptance checks, by what each of them demands.
CHECKS = {
    "9.1": ["one call by SIP"],
    "9.2": ["told", "told again", "out of order", "wrong signature"],
    "9.3": ["missed, busy, no answer", "corrected by a summary"],
    "9.4": ["flat dialect"],
    "9.5": ["recording"],
    "9.6": ["upgrade", "token", "acknowledgement", "ping", "EIO=3"],
    "9.7": [f"document {document}" for document in DOCUMENTS.values()] + ["not ready"],
}

BESIDES = [
    *(f"{check} {demand}" for check, demands in CHECKS.items() for demand in demands), *EVENTS,
    *(f"1.6 {row}" for row in COLLISIONS), *(f"0 {row}" for row in GENERAL),
]


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
