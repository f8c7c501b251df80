"""A browser whose network lets no UDP pass reaches the gateway by TCP on the port of the same number (RFC 6544)."""

import pytest
from audio import assert_tone
from gateway import Gateway
from icerestart import WAYS, restart
from records import newest_call

# What a firewall does to UDP: the page never learns of a candidate it could send datagrams to, and offers none.
NO_UDP = """
const isUDP = (line) => /^a=candidate:\\S+ \\d+ udp /i.test(line);
const strip = (sdp) => sdp.split('\\r\\n').filter((line) => !isUDP(line)).join('\\r\\n');
const set = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function (description) {
  return set.call(this, { type: description.type, sdp: strip(description.sdp) });
};
"""


@pytest.fixture(scope="module")
def gateway():
    with Gateway() as running:
        yield running


@pytest.fixture
def phone(chrome, gateway):
    softphone = chrome.open(gateway)
    softphone.page.add_init_script(NO_UDP)
    softphone.keep_socket()
    softphone.sign_in("anna")
    yield softphone
    chrome.close_pages()
    assert softphone.problems == []


def selected_protocol(phone):
    return phone.page.evaluate(
        """async () => {
          const all = await window.tandem.pc.getStats();
          const transport = [...all.values()].find((one) => one.type === 'transport');
          const pair = all.get(transport.selectedCandidatePairId);
          return [all.get(pair.localCandidateId).protocol, all.get(pair.remoteCandidateId).protocol];
        }""")


def test_the_echo_is_heard_over_tcp(gateway, phone):
    phone.dial("9196")
    phone.wait_state("connected")
    phone.wait_media()
    assert selected_protocol(phone) == ["tcp", "tcp"]
    phone.pause(1)
    assert_tone(*phone.listen(5), 440, level=-15.0, tolerance_db=1.5, gap=0.06)
    [call] = gateway.calls("anna")
    diagnosis = gateway.request("GET", f"/api/v1/calls/{call['uuid']}/diagnosis", login="anna").json()["data"]
    assert [leg["transport"]["ice"]["protocol"] for leg in diagnosis["legs"] if leg["kind"] == "browser"] == ["tcp"]
    phone.press("hangup")
    phone.wait_state("idle")
    gateway.wait_metric("media_legs", 0)


@pytest.mark.parametrize("way", WAYS)
def test_a_call_goes_on_when_its_ice_is_restarted_over_tcp(gateway, phone, way):
    phone.dial("9197")
    phone.wait_state("connected")
    phone.wait_media()
    restart(phone, way, newest_call(gateway)["uuid"])
    assert_tone(*phone.listen(3), 1004)
    assert selected_protocol(phone) == ["tcp", "tcp"]
    phone.press("hangup")
    phone.wait_state("idle")
