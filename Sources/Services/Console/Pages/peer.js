/** The media side of one call: offers and answers towards the gateway, which is ICE-lite. */
export class Peer {
  #pc;
  #sender;
  #early = [];

  /** `on`: `{candidate(json), track(stream), state(connectionState)}`. */
  constructor(stream, iceServers, on) {
    this.#pc = new RTCPeerConnection({ iceServers: iceServers ?? [], bundlePolicy: 'max-bundle' });
    this.#pc.onicecandidate = ({ candidate }) => on.candidate(candidate?.toJSON() ?? null);
    this.#pc.ontrack = ({ track, streams }) => on.track(streams[0] ?? new MediaStream([track]));
    this.#pc.onconnectionstatechange = () => on.state(this.#pc.connectionState);
    const [track] = stream.getAudioTracks();
    this.#sender = this.#pc.addTrack(track, stream);
  }

  get pc() { return this.#pc; }

  async offer({ iceRestart = false } = {}) {
    await this.#pc.setLocalDescription(await this.#pc.createOffer({ iceRestart }));
    return this.#pc.localDescription.sdp;
  }

  async acceptAnswer(sdp) {
    // The answer to an offer that the gateway's own offer has overtaken says nothing any more.
    if (this.#pc.signalingState !== 'have-local-offer') return;
    await this.#apply('answer', sdp);
  }

  /** Takes the gateway's offer (hold, another codec) and makes our answer. */
  async answer(sdp) {
    await this.#apply('offer', sdp);
    await this.#pc.setLocalDescription();
    return this.#pc.localDescription.sdp;
  }

  async #apply(type, sdp) {
    await this.#pc.setRemoteDescription({ type, sdp });
    const early = this.#early.splice(0);
    for (const candidate of early) await this.#pc.addIceCandidate(candidate);
  }

  async addCandidate(candidate) {
    if (!candidate) return;
    const known = typeof candidate === 'string' ? { candidate, sdpMLineIndex: 0 } : candidate;
    if (this.#pc.remoteDescription) await this.#pc.addIceCandidate(known);
    else this.#early.push(known);
  }

  replaceTrack(track) { return this.#sender.replaceTrack(track); }

  /** Sends a digit as telephone-event; false when the far end takes none, or not yet. */
  sendDigit(digit) {
    const { dtmf } = this.#sender;
    if (!dtmf?.canInsertDTMF) return false;
    dtmf.insertDTMF(dtmf.toneBuffer + digit, 120, 60);
    return true;
  }

  close() {
    this.#pc.onicecandidate = this.#pc.ontrack = this.#pc.onconnectionstatechange = null;
    this.#pc.close();
  }
}
