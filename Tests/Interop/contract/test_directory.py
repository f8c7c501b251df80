"""What administrators keep, kind by kind: made, listed, shown, changed, removed, and for nobody else."""

import pytest

from rows import covers
from shapes import unauthorized

TRUNK = {"name": "carrier", "targets": [{"host": "127.0.0.1", "port": 9}], "credentials": []}
# Path, what is made, what is changed, and how it is named in a path.
KINDS = {
    "users": ({"login": "vera"}, {"name": "Вера"}),
    "sip-accounts": ({"extension": "1099", "password": "long enough"}, {"displayName": "Вера"}),
    "trunks": (TRUNK, {"enabled": False}),
    "queues": ({"name": "service"}, {"ringSeconds": 20}),
    "routes": ({"number": "+7495*", "destination": {"extension": "1001"}}, {"number": "+7499*"}),
    "phone-lines": ({"number": "+74951234567", "rk": "РК1"}, {"city": "Москва"}),
    "companies": ({"name": "АО Ромашка", "phones": [{"number": "+74951112233"}]}, {"inn": "7701234567"}),
    "users/:userId/phones": ({"number": "+79160001122"}, {"type": "mobile"}),
}


def kind_rows():
    for kind in KINDS:
        yield f"admin GET /api/v1/admin/{kind}"
        yield f"admin POST /api/v1/admin/{kind}"
        for method in ("GET", "PUT", "DELETE"):
            yield f"admin {method} /api/v1/admin/{kind}/:id"


@covers(*kind_rows())
@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_thing_is_kept(service, kind):
    made, change = KINDS[kind]
    path = "/api/v1/admin/" + kind.replace(":userId", str(service.user_id("anna")))
    thing = service.ask("POST", path, 201, json=made)["data"]
    assert {**thing, **made, **{key: thing[key] for key in ("password", "targets", "phones") if key in thing}} == thing
    assert thing in service.ask("GET", path)["data"]
    own = f"{path}/{thing['id']}"
    assert service.ask("GET", own)["data"] == thing
    changed = service.ask("PUT", own, json=change)["data"]
    assert changed == {**thing, **change}
    service.refused("PUT", own, 400, "VALIDATION_ERROR", json={"unheard of": 1})
    unauthorized(service, "GET", path)
    service.refused("GET", path, 403, "FORBIDDEN", login="anna")
    assert service.ask("DELETE", own) == {"success": True}
    assert service.raw("GET", own).status_code == 404
    assert service.raw("DELETE", own).status_code == 404


@covers("admin GET /api/v1/admin/trunks/:id/status")
def test_a_trunks_state(service):
    trunk = service.ask("POST", "/api/v1/admin/trunks", 201, json={**TRUNK, "name": "other"})["data"]
    state = service.ask("GET", f"/api/v1/admin/trunks/{trunk['id']}/status")["data"]
    assert state["name"] == "other" and state["channels"] == 0
    service.ask("DELETE", f"/api/v1/admin/trunks/{trunk['id']}")
    service.refused("GET", "/api/v1/admin/trunks/other/status", 404, "NOT_FOUND")


@covers(
    "admin POST /api/v1/admin/queues/:id/members", "admin PUT /api/v1/admin/queues/:id/members/:userId",
    "admin DELETE /api/v1/admin/queues/:id/members/:userId")
def test_a_queues_members(service):
    anna = service.user_id("anna")
    path = "/api/v1/admin/queues/members-test"
    service.ask("POST", "/api/v1/admin/queues", 201, json={"name": "members-test"})
    assert service.ask("POST", f"{path}/members", 201, json={"userId": anna})["data"]["isPaused"] is False
    service.refused("POST", f"{path}/members", 409, "CONFLICT", json={"userId": anna})
    assert service.ask("PUT", f"{path}/members/{anna}", json={"isPaused": True})["data"]["isPaused"] is True
    assert service.ask("DELETE", f"{path}/members/{anna}") == {"success": True}
    service.refused("PUT", f"{path}/members/{anna}", 404, "USER_NOT_FOUND", json={"isPaused": True})
    service.ask("DELETE", path)
