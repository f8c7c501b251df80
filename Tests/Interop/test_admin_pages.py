"""The pages at /admin in Chromium: what administrators keep, the PBX of document 003 among it."""

import re

import pytest
from gateway import Gateway, wait_for
from hookreceiver import Receiver
from office import Office
from upstream import Provider

EVIL = "<img src=x onerror=\"document.title='pwned'\">"
SECTIONS = ["pbx", "employees", "users", "sip-accounts", "queues", "companies", "trunks", "routes", "phone-lines",
            "calls", "conferences", "webhooks", "outbox"]
# Every control that has no name for people who hear the page.
NAMELESS = """() => [...document.querySelectorAll('input, select, textarea, button, a')]
  .filter((one) => one.checkVisibility() && !one.closest('label')?.textContent.trim() && !one.labels?.[0]?.textContent.trim()
    && !one.getAttribute('aria-label') && !one.textContent.trim()).map((one) => one.outerHTML)"""


@pytest.fixture(scope="module")
def gateway():
    with Gateway(RTP_PORT_MIN="", RTP_PORT_MAX="", CONFERENCE_ROOMS="8000:team", WEBHOOK_HOSTS="127.0.0.1") as running:
        yield running


@pytest.fixture
def office(chrome, gateway):
    opened = Office(chrome.open(gateway)).sign_in()
    opened.find("page").locator("h1").wait_for()
    yield opened
    assert opened.mistakes == []
    assert all(url.startswith((gateway.url("/"), "blob:")) for url in opened.requested), "no request goes elsewhere"
    assert "pwned" not in opened.page.title()
    chrome.close_pages()


def remove(gateway, kind, key):
    gateway.request("DELETE", f"/api/v1/admin/{kind}/{key}", login="admin")


def test_the_pbx_is_set_and_tried_without_a_restart_and_without_dropping_calls(chrome, office, gateway):
    phone = chrome.open(gateway).sign_in("anna")
    phone.dial("9664")
    phone.wait_state("connected")
    phone.wait_media()
    with Provider({"op1": "secret-1", "1002": "secret-2"}) as provider:
        office.at("pbx").save()
        office.fails("server", "This must not be empty")
        office.fill(server=provider.address, port="99999")
        office.save()
        office.fails("port", "From 1 to 65535.")
        office.fill(port=provider.port)
        office.find("field-transport").select_option("udp")
        office.save()
        office.said("no call was cut off")
        office.fill(rtpPortMin=42000, rtpPortMax=41000)
        office.save(1)
        office.fails("rtpPortMax", "From 42001 to 65535.")
        office.fill(rtpPortMax=42039)
        office.save(1)
        office.page.locator('[data-test=legs]:has-text("20 legs")').wait_for()
        office.at("employees").edit("Анна")
        office.save()
        office.fails("password", "This is required.")
        office.fill(username="op1", password="secret-1")
        office.save()
        office.row("Анна").locator(".pill.good").wait_for()
        office.edit("Пётр")
        office.fill(password="not it")
        office.save()
        office.row("Пётр").locator(".pill.bad").wait_for()
        provider.wait_request("REGISTER", lambda request: "sip:op1@" in request["to"])
        office.at("pbx").page.locator('[data-test=connection]:has-text("1 of 2 registered")').wait_for()
        office.find("check").click()
        office.find("report").wait_for(timeout=20_000)
        report = office.find("report").inner_text()
        assert "It does not work." in report and "the password is right" in report and "1002" in report
        # A new call leaves by the new PBX, with a port of the new range; the old one goes on.
        call = gateway.make_call("+79991234567", login="anna")
        invite = provider.wait_request("INVITE", lambda request: "proxy-authorization" in request.headers)
        assert 42000 <= int(re.search(r"m=audio (\d+)", invite.body)[1]) <= 42039
        gateway.request("POST", f"/api/calls/hangup/{call['id']}", login="admin")
        before = phone.stats()["packetsReceived"]
        phone.pause(1)
        assert phone.state == "connected" and phone.stats()["packetsReceived"] > before + 25
        # Passwords do not follow to another server.
        office.fill(server="127.0.0.9")
        office.save()
        office.find("forget").check()
        office.save()
        office.said("no call was cut off")
        assert gateway.request("GET", "/api/v1/admin/trunks/pbx", login="admin").json()["data"]["credentials"] == []
    phone.press("hangup")
    gateway.wait_metric("active_calls", 0)
    assert phone.problems == []
    remove(gateway, "trunks", "pbx")


def test_a_page_that_is_drawn_again_before_it_was_there_is_there_once(office):
    office.at("pbx")
    office.page.evaluate("() => { for (let time = 0; time < 4; time++) document.getElementById('language').click(); }")
    office.find("check").first.wait_for()
    office.page.wait_for_timeout(500)
    assert office.find("check").count() == 1


def test_a_check_speaks_the_language_of_the_page(office, gateway):
    with Provider({"op1": "secret-1"}) as provider:
        gateway.add(
            "trunks", name="pbx", targets=[{"host": provider.address, "port": provider.port, "transport": "udp"},
                                           {"host": "127.0.0.1", "port": 9, "transport": "tcp"}],
            credentials=[{"username": "op1", "password": "secret-1"}, {"username": "op2", "password": "not it"}])
        office.find("language").click()
        office.at("pbx").find("check").click()
        office.find("report").wait_for(timeout=20_000)
        said = office.page.locator("[data-test=report] .said, [data-test=report] .advice").all_inner_texts()
        assert len(said) > 6
        # What servers said and names stay as they are; every sentence of ours is Russian.
        english = [line for line in said if not re.search("[а-я]", line)]
        assert not english, english
        assert any("пароль верен" in line for line in said) and any("в соединении отказано" in line for line in said)
    office.find("language").click()
    remove(gateway, "trunks", "pbx")


def test_what_the_environment_says_is_shown_and_cannot_be_changed_here(chrome):
    with Gateway(SIP_SERVER="127.0.0.1", SIP_PORT="9") as fixed:
        office = Office(chrome.open(fixed)).sign_in()
        office.find("field-server").wait_for()
        for field in ("server", "port", "transport", "rtpPortMin", "rtpPortMax"):
            assert office.find(f"field-{field}").is_disabled()
        assert "SIP_SERVER" in office.find("page").inner_text() and office.find("save").first.is_hidden()
        office.at("trunks").edit("default")
        assert "environment" in office.page.locator("#editor .banner").inner_text() and office.find("save").is_hidden()
        assert office.mistakes == []
        chrome.close_pages()


def test_people_are_added_changed_and_removed_and_their_names_are_only_text(office, gateway):
    office.at("users").find("add").click()
    office.fill(login="anna", password="short")
    office.save()
    office.fails("login", "This is taken.")
    office.fails("password", "At least 8 characters.")
    office.fill(login="vera", password="long enough", name=EVIL, extension="1077")
    office.save()
    office.said("Saved.")
    assert EVIL in office.row("vera").inner_text()
    # Whoever works with the keyboard is where the dialogue was opened.
    office.edit("vera")
    office.save()
    office.said("Saved.")
    wait_for(lambda: office.page.evaluate("document.activeElement.textContent") == EVIL, 5, "the focus to be back")
    office.find("search").fill("1077")
    assert office.find("row").count() == 1
    office.row("vera").locator("a", has_text="Telephones").click()
    office.find("empty").wait_for()
    office.find("add").click()
    office.fill(number="8 916 000-11-22")
    office.save()
    office.row("8 916 000-11-22").wait_for()
    office.at("users").edit("vera")
    # From the keyboard, too.
    office.find("field-city").fill("Тверь")
    office.page.keyboard.press("Enter")
    office.said("Saved.")
    users = gateway.request("GET", "/api/v1/admin/users", login="admin").json()["data"]
    [vera] = [user for user in users if user["login"] == "vera"]
    assert (vera["city"], vera["extension"]) == ("Тверь", "1077")
    office.edit("vera")
    office.page.keyboard.press("Escape")
    assert not office.page.locator("#editor").is_visible()
    office.edit("vera")
    office.find("remove").click()
    office.find("remove").click()
    office.said("Removed.")
    assert office.row("vera").count() == 0


def test_lists_within_things_say_what_is_wrong_in_their_rows(office, gateway):
    office.at("companies").find("add").click()
    office.fill(name="ООО Окна")
    office.find("add-phones").click()
    office.fill(number="+74950000001")
    office.find("add-phones").click()
    office.fill(number="nobody", contactPerson=EVIL)
    office.save()
    office.fails("number", "This is no valid phone.")
    office.fill(number="+74950000002")
    office.save()
    office.row("+74950000001, +74950000002").wait_for()
    office.at("trunks").find("add").click()
    office.fill(name="carrier", host="127.0.0.1", port="9")
    office.page.locator("#editor details summary").click()
    office.find("field-rest").fill('{"numbers": {"accepts": ["/(/"]}}')
    office.save()
    office.fails("rest", "numbers.accepts[0]")
    office.find("field-rest").fill('{"numbers": {"accepts": ["+7*"]}}')
    office.save()
    office.row("carrier").wait_for()
    trunk = gateway.request("GET", "/api/v1/admin/trunks/carrier", login="admin").json()["data"]
    assert trunk["targets"][0]["port"] == 9 and trunk["numbers"]["accepts"] == ["+7*"]
    office.at("routes").find("add").click()
    office.fill(number="+7495*", destination="user:99")
    office.save()
    office.fails("destination", "There is no such thing.")
    office.fill(destination="trunk:carrier/112")
    office.save()
    office.row("trunk:carrier/112").wait_for()
    office.at("trunks").edit("carrier")
    office.find("remove").click()
    office.find("remove").click()
    office.page.locator('[data-test=form-error]:has-text("route")').wait_for()
    office.page.keyboard.press("Escape")
    routes = gateway.request("GET", "/api/v1/admin/routes", login="admin").json()["data"]
    remove(gateway, "routes", routes[0]["id"])
    remove(gateway, "trunks", "carrier")


def test_a_form_waits_for_what_it_offers(office):
    held = []
    office.page.route("**/admin/trunks", lambda route: held.append(route))
    office.at("routes").find("add").wait_for()
    office.page.wait_for_function("document.querySelector('[data-test=add]').disabled")
    while not held:
        office.page.wait_for_timeout(20)
    held.pop().continue_()
    office.find("add").click()
    office.find("field-trunk").wait_for()


def test_webhooks_are_tried_and_parked_messages_looked_after(office, gateway):
    with Receiver() as receiver:
        receiver.answer = lambda delivery: 404
        office.at("webhooks").find("add").click()
        office.fill(name="crm", url=receiver.url, secret="short")
        office.save()
        office.fails("secret", "At least 16 characters.")
        office.fill(secret=receiver.secret)
        office.find("choice-call.created").check()
        office.save()
        office.row("call.created").wait_for()
        office.find("do-test").click()
        office.said("crm did not take the test: HTTP 404")
        calls = []
        for _ in range(2):
            body = {"caller_number": "+79991234567", "receiver_number": "1001"}
            calls.append(gateway.request("POST", "/api/calls", login="admin", json=body).json()["data"])
        wait_for(lambda: len([one for one in receiver.deliveries if one.name == "call.created"]) == 2, 5, "both")
        office.at("outbox").find("state").select_option("parked")
        wait_for(lambda: office.find("refresh").click() or office.row("HTTP 404").count() == 2, 5, "both to be parked")
        office.row("HTTP 404").first.locator("[data-test=edit]").click()
        assert '"event": "call.created"' in office.find("body").inner_text()
        office.find("close").click()
        receiver.answer = lambda delivery: 200
        office.row("HTTP 404").first.locator("[data-test=do-retry]").click()
        office.said("It is tried again.")
        wait_for(lambda: office.find("refresh").click() or office.row("HTTP 404").count() == 1, 5, "one to be delivered")
        office.find("do-drop").click()
        office.find("drop-sure").click()
        office.find("empty").wait_for()
        office.at("webhooks").find("do-test").click()
        office.said("crm took the test.")
        remove(gateway, "webhooks", "crm")
        for call in calls:
            gateway.request("PATCH", f"/api/v1/calls/{call['uuid']}/status", login="admin", json={"status": "completed"})


def test_a_conference_is_recorded_in_sight_of_everybody_and_listened_to(chrome, office, gateway):
    phone = chrome.open(gateway).sign_in("anna")
    phone.dial("8000")
    phone.wait_state("connected")
    phone.wait_media()
    office.at("conferences").page.locator('[data-test=conference-team] li:has-text("1001")').wait_for()
    assert phone.control("recorded").is_hidden()
    office.find("record-team").click()
    phone.control("recorded").wait_for()
    phone.pause(1)
    office.page.locator('[data-test=record-team]:has-text("Stop")').click()
    office.page.locator('[data-test=record-team]:has-text("Record")').wait_for()
    phone.control("recorded").wait_for(state="hidden")
    office.find("listen-team").click()
    office.find("player-team").wait_for()
    length = wait_for(lambda: office.page.evaluate("document.querySelector('audio').duration || 0"), 5, "the sound")
    assert length > 0.5
    phone.press("hangup")
    gateway.wait_metric("active_calls", 0)
    assert phone.problems == []


@pytest.mark.parametrize("language, scheme, width", [("en", "light", 1200), ("ru", "dark", 360)])
def test_every_page_fits_and_every_control_has_a_name(office, language, scheme, width):
    page = office.page
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 740})
    if language == "ru":
        office.find("language").click()
    for section in SECTIONS:
        office.at(section)
        page.wait_for_timeout(250)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, section
        assert page.evaluate(NAMELESS) == [], section
        if office.find("add").count():
            office.find("add").click()
            assert page.evaluate("document.querySelector('#editor').scrollWidth - document.querySelector('#editor').clientWidth") <= 0
            assert page.evaluate(NAMELESS) == [], section
            page.keyboard.press("Escape")
        assert office.find(f"section-{section}").get_attribute("aria-current") == "page"


def test_calls_are_listed_and_a_press_opens_the_diagnosis_of_one(chrome, office, gateway):
    phone = chrome.open(gateway).sign_in("anna")
    phone.dial("9196")
    phone.wait_state("connected")
    phone.wait_media()
    office.at("calls")
    row = office.row("9196").first
    row.locator(".pill.good", has_text="In call").wait_for()
    with office.page.expect_popup() as opened:
        row.locator("[data-test=diagnosis]").click()
    tab = opened.value
    problems = []
    tab.on("console", lambda message: problems.append(message.text))
    tab.locator("h2", has_text="What was found").wait_for()
    assert re.search(r"/api/v1/calls/[0-9a-f-]{36}/diagnosis\?format=html&ticket=[\w.-]+$", tab.url)
    assert tab.locator("h1").inner_text() == f"Call {row.get_attribute('data-call')}"
    # Its style is there, and the way back to the page with the token is not.
    assert tab.evaluate("getComputedStyle(document.querySelector('.finding')).borderLeftWidth") == "4px"
    assert tab.evaluate("window.opener") is None
    tab.reload()
    tab.locator("h2", has_text="What was found").wait_for()
    assert problems == []
    tab.close()
    phone.press("hangup")
    office.row("Caller hung up").first.wait_for()


def test_only_administrators_get_in_and_find_the_way_from_the_telephone(chrome, gateway):
    office = Office(chrome.open(gateway)).sign_in("anna")
    office.page.locator('[data-test=signin-error]:has-text("Only administrators")').wait_for()
    phone = chrome.open(gateway).sign_in("anna")
    assert phone.control("admin-link").is_hidden()
    chief = chrome.open(gateway).sign_in("admin")
    chief.press("admin-link")
    chief.control("section-pbx").wait_for()
    chief.page.goto(gateway.url("/admin/settings.html"))
    chief.control("section-pbx").wait_for()
    assert office.mistakes == [] and phone.problems == [] and chief.problems == []
    chrome.close_pages()
