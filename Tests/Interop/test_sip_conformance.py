"""What the RFCs say about SIP, each from both sides: scenarios of SIPp (sipp/*.xml) around one gateway, all at once.

A case has a caller behind a trunk (or a phone with an account) and, where the call goes on, a called side behind
another trunk. Each has addresses, trunks, an account and a number of its own, so that the cases of the table run beside
each other; those that wait for a timer of half a minute or more cost no more than the longest of them.
"""

import hashlib
import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from conformance import NOBODY, Case, Scene
from gateway import Gateway, free_ports, free_udp_block
from rawphone import RawPhone

# Enough beside each other that timers cost nothing, few enough for two processors.
AT_ONCE = 10
HUNG_UP = ("completed", "callee_hangup")
LOST = ("completed", "signalling_timeout")
CREDENTIALS = {"realm": "provider", "credentials": [
    {"username": "tandem", "password": "secret-of-trunk", "registers": False}]}
TIMER_90 = {"session": {"timerSeconds": 90}}

CASES = [
    # Calls
    Case("a call", "caller-hears-ringing", "callee"),
    Case("a call over TCP", "caller", "callee", transport="tcp"),
    Case("the called side hangs up", "caller-is-hung-up", "callee-hangs-up", HUNG_UP),
    Case("an offer in the 200", "caller-without-offer", "callee"),
    Case("an offer in the 200 of a number of ours", "caller-without-offer"),
    Case("early media", "caller-early-media", "callee-early-media"),
    # Reliable provisional responses
    Case("a caller who knows 100rel", "caller-prack-supported", "callee"),
    Case("a caller who requires 100rel", "caller-prack-required", "callee-early-media"),
    Case("a PRACK for nothing", "caller-prack-wrong", "callee-early-media"),
    Case("a called side that requires 100rel", "caller", "callee-prack"),
    Case("reliable responses in order", "caller", "callee-prack-order"),
    Case("no PRACK at all", "caller-never-pracks", "callee-is-cancelled", ("missed", "signalling_timeout"),
         hears=("SIP/2.0 180",) * 6 + ("SIP/2.0 5",), options=("-nr",), seconds=60),
    Case("a Require that nobody knows", "caller-requires-unknown", ends=None),
    Case("100rel required of who lacks it", "caller-lacks-100rel", ends=None,
         left={"session": {"reliable": "required"}}),
    # UPDATE
    Case("UPDATE by the caller", "caller-updates", "callee"),
    Case("UPDATE by the called side", "caller", "callee-updates", talk=800),
    Case("early UPDATE by the caller", "caller-updates-early", "callee-early-media"),
    Case("early UPDATE by the called side", "caller", "callee-updates-early"),
    # Session timers
    Case("an interval too small", "caller-interval-too-small", "callee"),
    Case("the called side's interval", "caller", "callee-interval-too-small"),
    Case("the caller refreshes", "caller-refreshes", "callee"),
    Case("the called side refreshes", "caller", "callee-refreshes", talk=800),
    Case("the caller is refreshed", "caller-is-refreshed", "callee", seconds=60),
    Case("the called side is refreshed", "caller", "callee-is-refreshed", talk=47_000, right=TIMER_90, seconds=60),
    Case("the caller does not refresh", "caller-expires", "callee", LOST, seconds=100),
    Case("the called side does not refresh", "caller-is-hung-up", "callee-expires", LOST,
         right=TIMER_90, seconds=100),
    Case("the called side refreshes by re-INVITE", "caller", "callee-refreshes-by-reinvite", talk=800),
    # Changes of a session
    Case("hold by the caller", "caller-holds", "callee"),
    Case("hold by the called side", "caller-takes-changes", "callee-holds", HUNG_UP),
    Case("another codec", "caller-changes-codec", "callee"),
    Case("another address", "caller-moves", "callee"),
    Case("a re-INVITE without offer", "caller-asks-for-offer", "callee"),
    Case("a re-INVITE without offer by the called side", "caller", "callee-asks-for-offer", talk=800),
    # Refusals
    *(Case(f"a refusal {status}", "caller-is-refused", f"callee-refuses-{status}", ends, hears=(f"SIP/2.0 {told}",))
      for status, told, ends in (
          (404, 404, ("failed", "not_found")), (408, 480, ("no_answer", "signalling_timeout")),
          (480, 480, ("no_answer", "unavailable")), (486, 486, ("busy", "busy")),
          (488, 488, ("failed", "no_shared_codec")), (500, 500, ("failed", "upstream_failed")),
          (503, 5, ("failed", "signalling_failed")), (603, 603, ("rejected", "rejected")))),
    Case("a refusal after ringing", "caller-is-refused", "callee-rings-and-declines", ("rejected", "rejected"),
         hears=("SIP/2.0 180", "SIP/2.0 603")),
    Case("503 with Retry-After and another server", "caller", ("callee-refuses-503", "callee")),
    Case("503 of all servers", "caller-is-refused", ("callee-refuses-503", "callee-refuses-503"),
         ("failed", "signalling_failed"), hears=("SIP/2.0 5",)),
    Case("486 and another server", "caller-is-refused", ("callee-refuses-486", NOBODY), ("busy", "busy"),
         hears=("SIP/2.0 486",)),
    Case("a redirection", "caller", "callee-redirects"),
    Case("a redirection to somebody else", "caller-is-refused", "callee-redirects-elsewhere",
         ("failed", "upstream_failed"), hears=("SIP/2.0 480",)),
    Case("nobody answers the INVITE", "caller-is-refused", "callee-is-silent", ("no_answer", "signalling_timeout"),
         hears=("SIP/2.0 480",), options=("-nr",), seconds=45),
    # Challenges
    *(Case(f"a challenge {status}", "caller", f"callee-challenges-{status}", right=CREDENTIALS)
      for status in (401, 407)),
    Case("a challenge for another realm", "caller-is-refused", "callee-challenges-foreign-realm",
         ("failed", "upstream_failed"), hears=("SIP/2.0 403",), right=CREDENTIALS),
    Case("challenges without end", "caller-is-refused", "callee-challenges-forever", ("failed", "upstream_failed"),
         hears=("SIP/2.0 403",), right=CREDENTIALS),
    Case("a stale nonce of the called side", "caller", "callee-finds-nonce-stale", right=CREDENTIALS),
    # Giving up
    Case("the caller gives up", "caller-cancels", "callee-is-cancelled", ("missed", "caller_cancelled")),
    Case("the answer crosses the CANCEL", "caller-cancels", "callee-answers-despite-cancel",
         ("missed", "caller_cancelled")),
    Case("a CANCEL after the answer", "caller-cancels-too-late", "callee"),
    Case("a CANCEL for nothing", "caller-cancels-nothing", ends=None),
    # Lost messages
    Case("no ACK at all", "caller-never-acknowledges", "callee", LOST, hears=("SIP/2.0 200",) * 10 + ("BYE",),
         options=("-nr",), seconds=45),
    Case("a late ACK", "caller-acknowledges-late", "callee", options=("-nr",)),
    Case("a lost INVITE and a lost ACK", "caller", "callee-loses-messages", talk=800, options=("-nr",)),
    Case("ringing after the answer", "caller", "callee-rings-late"),
    Case("an answer at once", "caller", "callee-answers-at-once"),
    Case("everything twice", "caller-retransmits", "callee", options=("-nr",)),
    # Forks behind the called side
    Case("two early dialogs", "caller", "callee-forks"),
    Case("two answers", "caller", "callee-forks-answers", talk=600),
    # Descriptions
    *(Case(f"an answer of {what}", "caller-is-refused-or-hung-up", f"callee-answers-{what}",
           ("failed", "no_shared_codec"))
      for what in ("garbage", "port-zero", "other-codec", "nothing")),
    Case("several streams", "caller-offers-several-streams", "callee"),
    Case("several streams to a number of ours", "caller-offers-several-streams"),
    Case("an offer of garbage", "caller-offers-garbage", NOBODY, None),
    Case("an offer of a foreign codec", "caller-offers-foreign-codec", NOBODY, None),
    # Changes that go wrong
    Case("a re-INVITE to a foreign codec", "caller-reinvite-refused", "callee"),
    Case("a glare at the called side", "caller-changes-codec-slowly", "callee-answers-491", seconds=15),
    Case("a glare at the caller", "caller-glares", "callee-holds", HUNG_UP),
    Case("an UPDATE in a re-INVITE", "caller-updates-in-update", "callee-thinks-in-reinvite"),
    Case("a re-INVITE before the answer", "caller-reinvites-early", "callee-answers-slowly"),
    Case("BYE of the called side in a re-INVITE", "caller-is-hung-up-in-reinvite", "callee-hangs-up-in-reinvite",
         HUNG_UP),
    Case("BYE of the caller in its re-INVITE", "caller-hangs-up-in-reinvite", "callee-is-slow-in-reinvite"),
    Case("a re-INVITE that finds the call forgotten", "caller-is-dropped", "callee-forgets-the-call", LOST),
    Case("a BYE refused", "caller", "callee-refuses-bye"),
    # Requests in and out of calls
    Case("CSeq backwards", "caller-counts-backwards", "callee"),
    Case("BYE of an unknown call", "caller-hangs-up-unknown-call", ends=None),
    Case("re-INVITE of an unknown call", "caller-reinvites-unknown-call", ends=None),
    Case("BYE with a foreign tag", "caller-hangs-up-with-wrong-tag", "callee"),
    Case("OPTIONS", "caller-asks-for-options", ends=None),
    Case("OPTIONS in a call", "caller-asks-for-options-in-call", "callee"),
    Case("digits by INFO", "caller-presses-keys", "callee"),
    Case("digits by INFO of the called side", "caller-is-hung-up", "callee-presses-keys", HUNG_UP),
    Case("no hop left", "caller-out-of-hops", NOBODY, None),
    Case("a foreign scheme", "caller-uses-foreign-scheme", ends=None),
    Case("a foreign type", "caller-sends-foreign-type", ends=None),
    Case("a compressed body", "caller-sends-encoded-body", ends=None),
    Case("a method not allowed", "caller-uses-method-not-allowed", ends=None),
    Case("an unknown method", "caller-uses-unknown-method", ends=None),
    Case("nothing of ours accepted", "caller-accepts-nothing-of-ours", ends=None),
    Case("a huge header", "caller-sends-huge-header", ends=None, keys={"huge": "x" * 9000}),
    Case("huge headers", "caller-sends-huge-head", ends=None, keys={"huge": "x" * 7500}),
    # Routes and forms
    Case("a caller behind proxies", "caller-behind-proxies", "callee-hangs-up", HUNG_UP),
    Case("a called side behind proxies", "caller", "callee-behind-proxies"),
    Case("a called side behind a strict router", "caller", "callee-behind-strict-router"),
    Case("compact names", "caller-writes-briefly", "callee"),
    Case("folded headers", "caller-folds-headers", "callee"),
    Case("a withheld number", "caller-withholds-number", "callee-respects-privacy",
         right={"callerId": {"from": "caller"}}),
    # Strangers
    Case("a stranger's call", "stranger-calls", ends=None, by="stranger", options=("-nr",)),
    Case("a scanner", "stranger-scans", ends=None, by="stranger"),
    Case("a stranger's message", "stranger-sends-message", ends=None, by="stranger"),
    # Phones
    *(Case(f"a phone {what}", f"phone-{scenario}", ends=None, by="phone") for what, scenario in (
        ("registers", "registers"), ("unregisters", "unregisters"), ("takes one contact back", "unregisters-one"),
        ("registers briefly", "registers-briefly"), ("unregisters wrongly", "registers-wildcard-wrongly"),
        ("registers out of order", "registers-backwards"), ("registers by a path", "registers-by-path"),
        ("registers with outbound", "registers-outbound"),
        ("registers for another", "registers-another"))),
    Case("a phone has a wrong password", "phone-registers-with-wrong-password", ends=None, by="phone",
         password="wrong"),
    Case("a phone calls", "phone-calls", "callee", by="phone"),
    Case("a phone calls with a forged nonce", "phone-uses-forged-nonce", "callee", by="phone"),
    Case("a phone is called", "caller", "callee", at="phones"),
    Case("a phone is called by its path", "caller", "phone-is-called-by-path", at="phones",
         registers="phone-registers-by-path"),
    Case("two phones ring", "caller", ("phone-wins-the-race", "phone-loses-the-race"), at="phones"),
    # Transfers
    # The target sits where the phone did, on the caller's side.
    Case("a blind transfer", "phone-refers", ("callee", "callee-ends-after-a-while"), by="phone", at="trunks",
         hears=("SIP/2.0 202", "NOTIFY")),
    Case("a blind transfer to nobody", "phone-refers-to-nobody", ("callee", "callee-refuses-404"), by="phone",
         at="trunks"),
    Case("an attended transfer", "phone-is-hung-up", ("callee", "callee-ends-after-a-while"),
         ("completed", "transferred"), by="phone", at="trunks", then="phone-refers-with-replaces", then_to="9",
         hears=("SIP/2.0 202", "NOTIFY")),
    Case("a REFER without target", "caller-refers-badly", "callee"),
    Case("a call taken over", "caller-is-hung-up", "callee", by="trunk", then="caller-replaces"),
    Case("Replaces of nothing", "caller-replaces-nothing", ends=None),
    Case("two Replaces", "caller-replaces-ambiguously", ends=None),
]


@pytest.fixture(scope="module")
def gateway_of_all():
    """The one gateway of all cases."""
    phones = free_udp_block(20000, 29999, 800, 400)
    with Gateway(MEDIA_TIMEOUT_S=600, RTP_PORT_MIN=phones, RTP_PORT_MAX=phones + 799) as running:
        # Taken before many ask for it at once.
        running.token("admin")
        yield running


@pytest.fixture(scope="module")
def scenes(request, gateway_of_all):
    """All cases that were asked for, playing: by case, what comes of it."""
    wanted = {item.callspec.params["case"].name for item in request.session.items
              if item.path == request.path and "case" in getattr(getattr(item, "callspec", None), "params", {})}
    port = free_ports(5100, 8880, 4)
    slow = [case for case in CASES if case.seconds > 20]
    with ThreadPoolExecutor(AT_ONCE) as quick, ThreadPoolExecutor(len(slow)) as patient:
        yield {case.name: (patient if case in slow else quick).submit(Scene(gateway_of_all, port, index, case).play)
               for index, case in enumerate(CASES) if case.name in wanted}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_conformance(scenes, case):
    scenes[case.name].result()


# SIPp signs by MD5 alone and never twice with one count, so that these phones sign themselves.

HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


class Signer:
    """Credentials for REGISTER made from one challenge (RFC 7616 3.4)."""

    def __init__(self, phone, algorithm):
        self.phone, self.algorithm, self.sequence = phone, algorithm, 0
        self.call, self.nonce = uuid.uuid4().hex, None

    def hash(self, text):
        return HASHES[self.algorithm](text.encode()).hexdigest()

    def register(self, count=None, nonce=None):
        """Registers, with credentials if a count is given; answers the response."""
        phone, extra = self.phone, [("Expires", "300"), ("User-Agent", "Signer/1.0")]
        if count:
            nonce = nonce or self.nonce
            user = self.hash(f"{phone.username}:tandem:{phone.password}")
            proof = self.hash(f"{user}:{nonce}:{count:08x}:cnonce:auth:{self.hash('REGISTER:sip:tandem')}")
            extra.append(("Authorization", (
                f'Digest username="{phone.username}", realm="tandem", nonce="{nonce}", uri="sip:tandem", qop=auth, '
                f'nc={count:08x}, cnonce="cnonce", algorithm={self.algorithm}, response="{proof}"')))
        phone._request("REGISTER", "sip:tandem", f"<sip:{phone.username}@tandem>", self.call, "signer", extra)
        response = phone.wait_final("REGISTER")
        if response.status == 401:
            offered = response.headers["www-authenticate"]
            challenge = next(one for one in offered if f"algorithm={self.algorithm}" in one)
            self.nonce = re.search(r'nonce="([^"]+)"', challenge).group(1)
            response.is_stale = "stale=true" in challenge.lower()
        return response


@pytest.mark.parametrize("algorithm", HASHES)
def test_credentials_are_good_once_for_each_count(gateway_of_all, algorithm):
    secret = gateway_of_all.users["anna"][2]
    with RawPhone(gateway_of_all, "1001", secret) as phone:
        signer = Signer(phone, algorithm)
        assert not signer.register().is_stale
        nonce = signer.nonce
        assert signer.register(count=1).status == 200
        # Whoever heard it can not use it, but is told that the password was right (RFC 7616 3.3).
        replayed = signer.register(count=1, nonce=nonce)
        assert (replayed.status, replayed.is_stale) == (401, True)
        assert signer.register(count=2, nonce=nonce).status == 200
        assert signer.register(count=1).status == 200, "the nonce that came with stale is good"
        foreign = signer.register(count=1, nonce="bm90IG91ciBub25jZQ==")
        assert (foreign.status, foreign.is_stale) == (401, True)
