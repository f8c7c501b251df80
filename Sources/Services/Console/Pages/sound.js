import { Meter } from './meter.js';
import { Peer } from './peer.js';
import { Quality } from './quality.js';

/**
 * The sound of one call: our microphone, the connection, what comes from the far end, and their levels.
 *
 * Dispatches `level` ({mic} or {far}), `quality`, `candidate`, and `state` (the connection's).
 */
export class Sound extends EventTarget {
  #stream = null;
  #peer = null;
  #quality = null;
  #meters = {};
  #isClosed = false;
  #isMuted = false;

  get pc() { return this.#peer?.pc ?? null; }

  /** What we send from now on, also in the middle of a call. */
  async useMicrophone(stream) {
    if (this.#isClosed) return stop(stream);
    stop(this.#stream);
    this.#stream = stream;
    this.setMuted(this.#isMuted);
    this.#measure('mic', stream);
    await this.#peer?.replaceTrack(stream.getAudioTracks()[0]);
  }

  setMuted(isMuted) {
    this.#isMuted = isMuted;
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = !isMuted;
  }

  /** Makes a connection; a former one is given up. */
  connect(iceServers) {
    this.#quality?.stop();
    this.#peer?.close();
    this.#peer = new Peer(this.#stream, iceServers, {
      candidate: (candidate) => this.#emit('candidate', candidate),
      track: (stream) => this.#hear(stream),
      state: (state) => this.#emit('state', state),
    });
    this.#quality = new Quality(this.#peer.pc, (figures) => this.#emit('quality', figures));
  }

  offer(options) { return this.#peer.offer(options); }
  async acceptAnswer(sdp) { await this.#peer?.acceptAnswer(sdp); }
  async answer(sdp) { return this.#peer?.answer(sdp); }
  async addCandidate(candidate) { await this.#peer?.addCandidate(candidate); }
  sendDigit(digit) { return this.#peer?.sendDigit(digit) ?? false; }
  fromGateway(figures) { this.#quality?.fromGateway(figures); }

  close() {
    this.#isClosed = true;
    for (const meter of Object.values(this.#meters)) meter.stop();
    this.#quality?.stop();
    this.#peer?.close();
    stop(this.#stream);
    document.getElementById('far').srcObject = null;
  }

  #hear(stream) {
    document.getElementById('far').srcObject = stream;
    this.#measure('far', stream);
  }

  #measure(side, stream) {
    this.#meters[side]?.stop();
    this.#meters[side] = new Meter(stream, (level) => this.#emit('level', { [side]: level }));
  }

  #emit(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}

const stop = (stream) => stream?.getTracks().forEach((track) => track.stop());
