"""Has a page of ours restart its ICE, which it does by itself only when its network changes."""

# What makes Chromium's next offer one of new credentials (W3C WebRTC sections 4.4.1.6 and 4.4.2).
WAYS = {
    "restartIce": "(pc) => pc.restartIce()",
    "setConfiguration": "(pc) => pc.setConfiguration({ ...pc.getConfiguration(), iceServers: [{ urls: 'stun:127.0.0.1:9' }] })",
}


def restart(softphone, way, call):
    """Restarts ICE in one of the WAYS, of a page that keeps its socket.

    Waits until sound comes by the new credentials on both sides.
    """
    before = fragments(softphone)
    softphone.page.evaluate(
        f"""async (call) => {{
          const pc = window.tandem.pc;
          ({WAYS[way]})(pc);
          await pc.setLocalDescription();
          const data = {{ callId: call, sdp: pc.localDescription.sdp }};
          window.signalling.send(JSON.stringify({{ event: 'offer', data }}));
        }}""", call)
    softphone.until(
        """async ([mine, theirs]) => {
          const pc = window.tandem.pc;
          const of = (description) => /a=ice-ufrag:(\\S+)/.exec(description.sdp)[1];
          if (pc.signalingState !== 'stable' || pc.connectionState !== 'connected') return false;
          const now = [of(pc.localDescription), of(pc.remoteDescription)];
          if (now[0] === mine || now[1] === theirs) return false;
          const all = [...(await pc.getStats()).values()];
          const transport = all.find((one) => one.type === 'transport');
          return transport.iceLocalUsernameFragment === now[0] && transport.iceState !== 'checking';
        }""", before)


def fragments(softphone):
    """The user names of the page and of the gateway in ICE."""
    return softphone.page.evaluate(
        """() => {
          const of = (description) => /a=ice-ufrag:(\\S+)/.exec(description.sdp)[1];
          return [of(window.tandem.pc.localDescription), of(window.tandem.pc.remoteDescription)];
        }""")
