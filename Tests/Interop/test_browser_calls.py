"""Two people at their pages in Chromium call each other through the gateway."""

import json

import pytest
from audio import assert_tone, band_db, lasting_db, level_db
from browsers import listen_together
from gateway import Gateway, wait_for

ANNA, PETR = 440, 660


@pytest.fixture(scope="module")
def gateway():
    # A page that is closed is waited for, and here not for long.
    with Gateway(RESUME_TIMEOUT_S="2", TONE_PLAN="US") as running:
        # Whose telephone is never switched on.
        running.add("sip-accounts", extension="1044", password="secret-of-1044")
        yield running


@pytest.fixture
def anna(chrome, gateway):
    phone = chrome.open(gateway, ANNA).sign_in("anna")
    yield phone
    assert phone.problems == []


@pytest.fixture
def petr(chrome, gateway):
    phone = chrome.open(gateway, PETR).sign_in("petr")
    yield phone
    assert phone.problems == []


@pytest.fixture(autouse=True)
def nothing_is_left(gateway, chrome):
    """After each test no call, no media leg and no page is left."""
    yield
    chrome.close_pages()
    gateway.wait_metric("active_calls", 0)
    gateway.wait_metric("media_legs", 0)
    gateway.wait_metric("active_webrtc_connections", 0)


def connect(caller, callee, number):
    """One page calls the other, which answers; both hear the other."""
    caller.dial(number)
    callee.wait_state("incoming")
    caller.wait_state("ringing")
    callee.press("answer")
    for phone in (caller, callee):
        phone.wait_state("connected")
        phone.wait_media()


def hang_up(phone, other):
    phone.press("hangup")
    for one in (phone, other):
        one.wait_state("idle")


def last_row(gateway):
    """The stored record of the newest call, once it is complete."""
    query = "SELECT * FROM calls WHERE ended_at IS NOT NULL AND id = (SELECT max(id) FROM calls)"
    return wait_for(lambda: next(iter(gateway.stored(query)), None), what="the complete record")


def heard_events(phone, name):
    """The payloads of a socket event that a page has received."""
    frames = [json.loads(frame) for frame in phone.events]
    return [frame.get("data") for frame in frames if frame.get("event") == name]


@pytest.mark.parametrize("who_ends", ["the caller", "the callee"])
def test_each_hears_the_other_and_either_may_hang_up(gateway, anna, petr, who_ends):
    # The second time the other one calls: both directions are tried with both tones.
    caller, callee, number, tones = \
        (anna, petr, "1002", (ANNA, PETR)) if who_ends == "the caller" else (petr, anna, "1001", (PETR, ANNA))
    connect(caller, callee, number)
    caller.pause(0.5)
    before = {way: gateway.rtp(way, "browser") for way in ("in", "out")}
    (to_caller, rate), (to_callee, _) = listen_together(3, caller, callee)
    for way, count in before.items():
        assert gateway.rtp(way, "browser") - count >= 2 * 3 * 50 * 0.9, f"RTP {way}: was it bridged by us?"
    assert_tone(to_caller, rate, tones[1], level=-15, tolerance_db=1.5)
    assert_tone(to_callee, rate, tones[0], level=-15, tolerance_db=1.5)
    assert lasting_db(to_caller, rate, tones[0]) < -45, "the caller hears itself"
    assert lasting_db(to_callee, rate, tones[1]) < -45, "the callee hears itself"
    assert gateway.metric("active_webrtc_connections") == 2
    ending = caller if who_ends == "the caller" else callee
    hang_up(ending, callee if ending is caller else caller)
    row = last_row(gateway)
    assert (row["state"], row["direction"]) == ("completed", "internal")
    assert row["end_reason"] == ("caller_hangup" if who_ends == "the caller" else "callee_hangup")
    assert row["receiver_number"] == number
    assert row["started_at"] <= row["ringing_at"] <= row["answered_at"] <= row["ended_at"]
    users = {login: gateway.login(login)["user"]["id"] for login in ("anna", "petr")}
    assert row["answered_by_user_id"] == users["petr" if callee is petr else "anna"]
    record = gateway.call(row["uuid"])
    talked = gateway.seconds(record["endedAt"]) - gateway.seconds(record["answeredAt"])
    assert (record["from"], record["to"]) == ("1001" if caller is anna else "1002", number)
    assert (record["status"], record["direction"]) == ("completed", "outgoing")
    assert record["duration"] == pytest.approx(talked, abs=0.6)
    assert 3 <= talked < 15


def test_mute_hold_and_digits(gateway, anna, petr):
    connect(anna, petr, "1002")
    anna.press("mute")
    anna.until("() => document.querySelector('[data-test=mute]').getAttribute('aria-pressed') === 'true'")
    anna.pause(0.4)
    (to_anna, rate), (to_petr, _) = listen_together(1, anna, petr)
    assert_tone(to_anna, rate, PETR)
    assert level_db(to_petr) < -60, "a muted page is heard"
    anna.press("mute")
    anna.pause(0.4)
    assert_tone(*petr.listen(1), ANNA)
    # Held: nobody hears the other; the one who waits hears music, for which it was changed over from Opus to G.711.
    anna.press("hold")
    anna.wait_state("held")
    petr.wait_state("held")
    anna.pause(0.7)
    (to_anna, rate), (to_petr, _) = listen_together(2, anna, petr)
    # The music has notes of its own near the tone, which would come at −15 dB.
    assert band_db(to_petr, rate, ANNA) < -32
    assert band_db(to_anna, rate, PETR) < -50
    assert -40 < level_db(to_petr) < -6, "no music"
    anna.press("hold")
    anna.wait_state("connected")
    anna.pause(0.7)
    (to_anna, rate), (to_petr, _) = listen_together(2, anna, petr)
    assert_tone(to_anna, rate, PETR, level=-15, tolerance_db=1.5)
    assert_tone(to_petr, rate, ANNA, level=-15, tolerance_db=1.5)
    # Held and resumed from the other side.
    petr.press("hold")
    anna.wait_state("held")
    petr.press("hold")
    anna.wait_state("connected")
    anna.pause(0.7)
    (to_anna, rate), (to_petr, _) = listen_together(1, anna, petr)
    assert_tone(to_anna, rate, PETR)
    assert_tone(to_petr, rate, ANNA)
    for key in ("5", "star", "hash"):
        anna.press(f"key-{key}")
        anna.pause(0.3)
    digits = wait_digits(petr, 3)
    assert digits == "5*#"
    hang_up(anna, petr)
    row = last_row(gateway)
    assert row["state"] == "completed" and row["hold_seconds"] >= 2 and not row["is_on_hold"]


def wait_digits(phone, count):
    """The digits a page was told, once there are that many."""
    def told():
        phone.pause(0.05)
        return "".join(one["digit"] for one in heard_events(phone, "call-digit"))

    return wait_for(lambda: (digits := told()) and len(digits) >= count and digits, what=f"{count} digits")


def test_two_pages_ring_and_the_first_answer_wins(gateway, chrome, anna, petr):
    second = chrome.open(gateway, PETR).sign_in("petr")
    anna.dial("1002")
    for page in (petr, second):
        page.wait_state("incoming")
    second.press("answer")
    for page in (anna, second):
        page.wait_state("connected")
        page.wait_media()
    petr.wait_state("idle")
    [withdrawn] = heard_events(petr, "call-withdrawn")
    assert withdrawn["reason"] == "answered_elsewhere"
    assert_tone(*second.listen(1), ANNA)
    assert second.problems == []
    hang_up(second, anna)
    assert last_row(gateway)["end_reason"] == "callee_hangup"
    assert len(heard_events(petr, "call-ended")) == 1


LISTEN_TO_TONES = """() => {
  window.heard = [];
  window.OscillatorNode = class extends OscillatorNode {
    constructor(context, options) { super(context, options); window.heard.push(options.frequency); }
  };
}"""


def test_a_page_sounds_the_tones_of_the_house(anna, petr):
    anna.page.evaluate(LISTEN_TO_TONES)
    anna.dial("1002")
    petr.wait_state("incoming")
    anna.wait_state("ringing")
    anna.until("() => heard.includes(440) && heard.includes(480)")
    assert not anna.page.evaluate("() => heard.includes(620)")
    petr.press("reject")
    anna.until("() => heard.includes(620)")
    anna.wait_state("idle")


def test_a_rejected_call_ends_at_both_pages(gateway, anna, petr):
    anna.dial("1002")
    petr.wait_state("incoming")
    petr.press("reject")
    anna.wait_state("idle")
    petr.wait_state("idle")
    row = last_row(gateway)
    assert (row["state"], row["end_reason"], row["answered_at"]) == ("rejected", "rejected", None)
    assert row["duration"] in (0, None)


def test_a_caller_who_gives_up_stops_the_ringing(gateway, anna, petr):
    anna.dial("1002")
    petr.wait_state("incoming")
    anna.press("hangup")
    for page in (anna, petr):
        page.wait_state("idle")
    row = last_row(gateway)
    assert (row["state"], row["answered_at"]) == ("cancelled", None)


def test_a_page_that_is_closed_for_good_ends_its_call(gateway, anna, petr):
    connect(anna, petr, "1002")
    anna.page.close(run_before_unload=False)
    petr.pause(1)
    assert petr.state == "connected", "the call did not wait for the page"
    petr.wait_state("idle")
    row = last_row(gateway)
    assert row["state"] == "completed"
    assert row["end_reason"] in ("caller_hangup", "signalling_failed")


def test_a_call_to_nobody_ends_with_its_reason(gateway, anna):
    anna.dial("1002")
    anna.wait_state("ended", "idle")
    anna.wait_state("idle")
    row = last_row(gateway)
    assert (row["state"], row["end_reason"]) == ("no_answer", "unavailable")
    anna.dial("4711")
    anna.control("notice").wait_for(state="visible")
    anna.wait_state("idle")
    assert last_row(gateway)["uuid"] == row["uuid"], "a number that leads nowhere makes no call"


def test_a_transfer_takes_the_other_side_along_to_another_codec(gateway, anna, petr):
    """Two pages speak Opus; the built-in tone is G.711, so that Petr's page gets an offer of ours."""
    connect(anna, petr, "1002")
    anna.press("transfer")
    anna.control("transfer-target").fill("9197")
    anna.press("transfer-go")
    anna.wait_state("ended", "idle")
    petr.wait_state("connected")
    petr.pause(1)
    assert_tone(*petr.listen(2), 1004, level=-6.2, tolerance_db=1.0)
    petr.press("hangup")
    petr.wait_state("idle")
    row = last_row(gateway)
    assert row["state"] == "completed" and row["transfer_count"] == 1


@pytest.mark.parametrize("number, reason", [
    ("4711", "Nobody has this number"), ("1044", "No telephone or page is there at present")])
def test_a_transfer_to_nobody_leaves_the_call_as_it_was(gateway, anna, petr, number, reason):
    connect(anna, petr, "1002")
    anna.press("transfer")
    anna.control("transfer-target").fill(number)
    anna.press("transfer-go")
    anna.control("notice").filter(has_text=reason).wait_for(state="visible")
    anna.wait_state("connected")
    anna.pause(0.5)
    (to_anna, rate), (to_petr, _) = listen_together(1, anna, petr)
    assert_tone(to_anna, rate, PETR)
    assert_tone(to_petr, rate, ANNA)
    hang_up(anna, petr)
    assert last_row(gateway)["transfer_count"] == 0
