"""The rows of the wire contract's REST tables that this folder tests, and the mark that ties a test to its row."""

RECORDS = [
    "GET /api/v1/calls", "GET /api/v1/calls/stats", "GET /api/v1/calls/:id", "GET /api/v1/calls/by-phone/:phone",
    "POST /api/v1/calls", "PUT /api/v1/calls/:id", "GET /api/v1/calls/health",
    "GET /api/v1/recordings/call/:id/download", "POST /api/v1/webhook/mango", "POST /api/v1/webhook/mango/recording",
    "POST /api/v1/webhook/mango/events",
]

MANGO = [
    "POST /api/webhooks/mango", "GET /api/webhooks/mango/settings", "POST /api/webhooks/mango/events",
    "GET /api/webhooks/mango/status",
]

REALTIME = [
    "POST /api/v1/broadcast/call-new", "POST /api/v1/broadcast/call-updated", "POST /api/v1/broadcast/call-ended",
]

CRM = [
    "GET /api/calls", "GET /api/calls/:id", "POST /api/calls", "PUT /api/calls/:id", "GET /api/users/available",
    "GET /api/users/:id/phones", "GET /api/companies/by-phone/:phone", "GET /api/calls/active",
    "GET /api/statistics/overview", "GET /api/statistics/users", "GET /api/health", "PUT /api/calls/:id/notes",
    "PUT /api/calls/:id/end", "GET /api/calls/:id/status", "POST /api/calls/outgoing",
    "GET /api/calls/:id/recording-status", "GET /api/statistics", "GET /api/internal-numbers",
]

PBX = [
    "GET /api/calls/active", "POST /api/calls/dial", "POST /api/calls/answer/:callId", "POST /api/calls/hangup/:callId",
    "POST /api/calls/hold/:callId", "POST /api/calls/unhold/:callId", "POST /api/calls/transfer/:callId",
    "GET /api/calls/logs", "GET /api/calls/logs/phone/:number", "GET /api/calls/stats/:extension",
    "POST /api/calls/:callId/customer", "POST /api/calls/:callId/order", "POST /api/calls/:callId/notes", "GET /health",
    "GET /api/extensions", "GET /api/pbx/connection", "POST /api/pbx/test-connection",
]

GATEWAY = [
    "POST /api/v1/calls", "GET /api/v1/calls/:id", "PATCH /api/v1/calls/:id/status", "POST /api/v1/calls/:id/end",
    "GET /api/v1/calls", "POST /api/v1/calls/:id/sessions", "GET /api/v1/calls/sessions/active", "GET /health",
    "GET /health/detailed", "GET /health/ready", "GET /health/live", "GET /metrics",
]

COLLISIONS = [
    "GET /api/calls/active", "/api/v1/calls", "GET /health", "/api/calls/:id", "error body",
]

GENERAL = [
    "0.1 ids", "0.2 views", "0.3 time", "0.4 phones", "0.5 auth", "0.6 visibility", "0.7 errors", "0.8 bodies",
    "0.8 compression", "0.8 headers", "0.8 static segments", "0.8 trailing slash", "0.9 dialect", "idempotency",
    "entity tags",
]

ROWS = (
    [f"000 {row}" for row in RECORDS] + [f"001 {row}" for row in MANGO] + [f"realtime {row}" for row in REALTIME]
    + [f"002 {row}" for row in CRM] + [f"003 {row}" for row in PBX] + [f"004 {row}" for row in GATEWAY]
    + [f"1.6 {row}" for row in COLLISIONS] + [f"0 {row}" for row in GENERAL]
)


def covers(*rows):
    """Marks the test of some rows; a row that is not in the tables is a mistake."""
    for row in rows:
        assert row in ROWS, row

    def mark(test):
        test.rows = rows
        return test

    return mark
