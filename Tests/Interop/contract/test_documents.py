"""Each document's example environment starts the program as it stands, and the document's first requests are answered.

What the documents print of calls is compared key by key in the modules of their families.
"""

import socket

import pytest
from gateway import Gateway, free_port
from shapes import Service, assert_like

# Services behind the program that a test run has to bring up itself; a value whose service is not there is left out.
SERVICES = {"DATABASE_URL": None, "POSTGRES_URL": None, "REDIS_URL": None}

ENVIRONMENTS = {
    "000": {
        "DATABASE_URL": "postgresql://user:pass@host:port/db", "JWT_SECRET": "your-secret", "PORT": "5003",
        "CORS_ORIGIN": "http://localhost:3000", "MANGO_OFFICE_API_KEY": "your-api-key",
        "MANGO_OFFICE_API_SALT": "your-api-salt", "MANGO_API_URL": "https://app.mango-office.ru/vpbx",
        "S3_BUCKET_NAME": "your-bucket", "S3_REGION": "us-east-1", "S3_ENDPOINT": "https://s3.selcdn.ru",
        "S3_ACCESS_KEY_ID": "your-key", "S3_SECRET_ACCESS_KEY": "your-secret",
        "REALTIME_SERVICE_URL": "http://realtime-service:5009", "WEBHOOK_TOKEN": "your-webhook-token",
    },
    "001": {
        "MANGO_API_URL": "https://app.mango-office.ru/vpbx", "MANGO_API_KEY": "your_api_key",
        "MANGO_API_ID": "your_api_id", "MANGO_WEBHOOK_URL": "/api/webhooks/mango",
    },
    "002": {"TEST_MODE": "true", "PORT": "3001"},
    "003": {
        "PORT": "3009", "NODE_ENV": "production", "SIP_SERVER": "sip.example.com", "SIP_PORT": "5060",
        "SIP_TRANSPORT": "UDP",
        "SIP_USERS": "operator1:pass123:1001:Иванов И.И.,operator2:pass456:1002:Петров П.П.",
        "RTP_PORT_MIN": "5700", "RTP_PORT_MAX": "5750",
        "DATABASE_URL": "postgresql://foodflow:foodflow_secret@postgres:5432/foodflow",
        "REDIS_URL": "redis://redis:6379", "CORS_ORIGIN": "*", "STUN_SERVER": "stun.l.google.com:19302",
    },
    "004": {
        "NODE_ENV": "development", "PORT": "3000",
        "POSTGRES_URL": "postgresql://postgres:postgres@localhost:5432/sales_voice",
        "REDIS_URL": "redis://localhost:6379", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317",
        "LOG_LEVEL": "info", "CORS_ORIGINS": "*",
    },
}

HEALTH = {
    "status": "ok", "service": "pjsip-service", "connected": True, "registeredUsers": 2,
    "timestamp": "2025-11-08T12:00:00.000Z",
}
LISTS = {
    "000": ("GET", "/api/v1/calls", {"success": True, "data": {"calls": [], "pagination": {"total": 0, "page": 1}}}),
    "001": ("GET", "/health", HEALTH),
    "002": ("GET", "/api/calls", {
        "success": True, "data": [], "pagination": {"page": 1, "limit": 50, "total": 150, "pages": 3}}),
    "003": ("GET", "/api/calls/active", {"calls": []}),
    "004": ("GET", "/api/v1/calls", {"success": True, "data": {"calls": [], "pagination": {"limit": 10, "pages": 0}}}),
}


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def environment(document):
    """The example as it stands, but for services that are not there and a port that somebody else has."""
    values = {name: SERVICES.get(name, value) for name, value in ENVIRONMENTS[document].items()}
    values = {name: value for name, value in values.items() if value is not None}
    if not is_free(int(values.get("PORT", 0)) or 1):
        values["PORT"] = str(free_port())
    return values


@pytest.mark.parametrize("document", ENVIRONMENTS)
def test_the_example_environment_starts_the_program(document):
    values = environment(document)
    gateway = Gateway(**values)
    gateway.port = int(values.get("PORT", gateway.port))
    with gateway:
        service = Service(gateway, login="admin" if document in ("000", "002") else None)
        health = service.ask("GET", "/health", login=None)
        assert_like(health, HEALTH)
        method, path, answer = LISTS[document]
        assert_like(service.ask(method, path), answer)
