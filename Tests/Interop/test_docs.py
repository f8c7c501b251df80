"""The page at /docs: every route of the running program, to read and to try."""

import pytest
from browsers import CHROMIUM
from playwright.sync_api import sync_playwright

from gateway import Gateway


@pytest.fixture(scope="module")
def gateway():
    with Gateway(JWT_SECRET="s" * 32, AUTH_MODE="required") as running:
        yield running


@pytest.fixture
def page(gateway):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.problems, page.requested = [], []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("request", lambda request: page.requested.append(request.url))
        page.goto(gateway.url("/docs"))
        page.wait_for_selector("[data-test=family-crm]")
        yield page
        browser.close()


def find(page, name):
    return page.locator(f'[data-test="{name}"]')


def test_every_route_is_shown_and_can_be_tried(gateway, page):
    document = gateway.request("GET", "/openapi.json").json()
    assert page.locator(".operation").count() == sum(len(methods) for methods in document["paths"].values())
    find(page, "token").fill(gateway.token())
    find(page, "filter").fill("get api/calls/{id} one call")
    assert page.locator(".operation:visible").count() == 1
    route = find(page, "GET /api/calls/{id}")
    route.locator("summary").click()
    route.locator('[data-test="path-id"]').fill("1234")
    route.locator('[data-test="try"]').click()
    outcome = route.locator('[data-test="outcome"]:has-text("CALL_NOT_FOUND")')
    outcome.wait_for()
    assert outcome.inner_text().startswith("GET /api/calls/1234\n404")
    assert page.problems == []
    assert all(url.startswith(gateway.url("/")) for url in page.requested)


def test_a_body_begins_with_what_must_be_there(gateway, page):
    find(page, "token").fill(gateway.token())
    route = find(page, "POST /api/v1/admin/phone-lines")
    route.locator("summary").click()
    assert '"number"' in route.locator("textarea").input_value()
    route.locator("textarea").fill('{"number": "+74951234567"}')
    route.locator('[data-test="try"]').click()
    route.locator('[data-test="outcome"]:has-text("201")').wait_for()
    assert page.problems == []
