"""What administrators keep takes effect at once, by REST and by the command line."""

import pytest

from gateway import Gateway, wait_for


@pytest.fixture(scope="module")
def gateway():
    with Gateway(JWT_SECRET="s" * 32) as running:
        yield running


def admin(gateway, method, path, status=200, **fields):
    arguments = {"json": fields} if fields else {}
    answer = gateway.request(method, f"/api/v1/admin/{path}", login="admin", **arguments)
    assert answer.status_code == status, answer.text
    return answer.json()


def ask(gateway, path, status=200):
    answer = gateway.request("GET", path, login="admin")
    assert answer.status_code == status, answer.text
    return answer.json().get("data")


def test_a_companys_calls_are_known_by_its_numbers_at_once(gateway):
    phones = [{"number": "+7 (495) 123-45-67", "contactPerson": "Иван Петров"}]
    company = admin(gateway, "POST", "companies", 201, name="ООО Технологии", inn="1234567890", phones=phones)["data"]
    found = ask(gateway, "/api/companies/by-phone/84951234567")
    assert found["id"] == company["id"] and found["phone_numbers"][0]["contact_person"] == "Иван Петров"
    call = gateway.request("POST", "/api/calls", login="admin", json={
        "caller_number": "+74951234567", "receiver_number": "1001"}).json()["data"]
    assert call["caller_company_name"] == "ООО Технологии"
    gateway.request("PUT", f"/api/calls/{call['id']}/end", login="admin", json={})
    admin(gateway, "PUT", f"companies/{company['id']}", phones=[])
    ask(gateway, "/api/companies/by-phone/84951234567", 404)
    admin(gateway, "DELETE", f"companies/{company['id']}")


def test_a_persons_phone_finds_the_person_at_once(gateway):
    anna = gateway.login("anna")["user"]["id"]
    phone = admin(gateway, "POST", f"users/{anna}/phones", 201, number="+79160001122", type="mobile")["data"]
    assert [row["phone_number"] for row in ask(gateway, f"/api/users/{anna}/phones")][-1] == "+79160001122"
    call = gateway.request("POST", "/api/calls", login="admin", json={
        "caller_number": "+74950000000", "receiver_number": "8 916 000-11-22"}).json()["data"]
    assert call["assigned_user_id"] == anna
    gateway.request("PUT", f"/api/calls/{call['id']}/end", login="admin", json={})
    admin(gateway, "DELETE", f"users/{anna}/phones/{phone['id']}")


def test_a_line_that_the_command_line_adds_is_known_within_seconds(gateway):
    done = gateway.run("line", "add", "+74957778899", "--rk", "РК7")
    assert done.returncode == 0, done.stderr
    lines = wait_for(lambda: admin(gateway, "GET", "phone-lines")["data"], 5, "the line")
    assert lines[0]["rk"] == "РК7"
    assert gateway.run("line", "remove", "+74957778899").returncode == 0
