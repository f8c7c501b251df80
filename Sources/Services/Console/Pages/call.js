import { keepPlace } from './place.js';
import { Sound } from './sound.js';
import * as sounds from './sounds.js';

/** Louder than this while the far end rings is sound from there: an announcement, or its own ring-back. */
const audible = 0.25;

/**
 * One call of this page, from the first key to the farewell, and over reloads of the page.
 *
 * `state`: calling, ringing, connected, held, ended. Dispatches `change`, `level`, `quality` and `failure`.
 */
export class Call extends EventTarget {
  #socket;
  #sound = new Sound();
  #iceServers;
  #hasRestarted = false;
  #wasFlowing = false;
  id = null;
  numericId = null;
  state = 'calling';
  answeredAt = null;
  endedAt = null;
  reason = null;
  isMuted = false;
  hasSound = false;
  isWeak = false;
  isTransferring = false;
  /** Everybody in the call is recorded: the call itself, or the conference it is in. */
  isRecorded = false;
  /** The page is on its way back into the call. */
  isReturning = false;
  #place = null;
  #patience = null;

  constructor(socket, number, direction) {
    super();
    Object.assign(this, { number, direction });
    this.#socket = socket;
    const follow = (name, react) => this.#sound.addEventListener(name, ({ detail }) => react(detail));
    follow('candidate', (candidate) => socket.tell('ice-candidate', { callId: this.id, candidate }));
    follow('state', (state) => this.#connectionChanged(state));
    follow('quality', (figures) => {
      // A network that changed takes the socket along, which would be noticed late; so does silence tell of one.
      if (this.#wasFlowing && !figures.isFlowing) this.#socket.probe();
      this.#wasFlowing = figures.isFlowing;
      this.#emit('quality', figures);
    });
    follow('level', (level) => {
      if (this.state === 'ringing' && level.far > audible) sounds.silence();
      this.#emit('level', level);
    });
  }

  get pc() { return this.#sound.pc; }
  get isOver() { return this.state === 'ended'; }

  /** Nobody took our call, and nothing was heard that said so. */
  get isRefused() { return this.isOver && this.direction === 'outgoing' && !this.answeredAt && !this.hasSound; }

  /** Whether an event is about this call: some name it by number, some by UUID. */
  isNamed({ uuid, callId, id }) {
    const names = [uuid, callId, id].filter(Boolean).map(String);
    return this.id !== null && (names.includes(this.id) || names.includes(String(this.numericId)));
  }

  /** Whether the server keeps our place while we are away. */
  get isResumable() { return this.#place !== null && this.answeredAt !== null && !this.isOver; }

  // Coming back to it

  /** Takes up what the page wrote down before it was reloaded. */
  static returning(socket, place) {
    const call = new Call(socket, place.number, place.direction);
    Object.assign(call, { id: place.id, numericId: place.numericId, answeredAt: place.answeredAt });
    Object.assign(call, { state: 'connected', isReturning: true });
    call.#place = place;
    return call;
  }

  /** Without signalling: the call goes on as soon as there is some, or ends when its time is up. */
  wait() {
    if (this.#patience) return;
    this.#change({ isReturning: true });
    this.#await(this.#place.timeout * 1000, 'signalling_failed');
  }

  /** Takes our place in the call again; the media connection is made anew unless it has lived on. */
  async resume() {
    const keepsMedia = this.pc?.connectionState === 'connected';
    const back = await this.#socket.ask('resume-call', { callId: this.id, token: this.#place.token, keepsMedia });
    if (this.isOver) return this.#socket.tell('end-call', { callId: this.id });
    this.#await(null);
    this.#iceServers = back.iceServers;
    this.setSilent(back.isMuted);
    // What took the socket may have been a change of network: media looks for its way again as well. Should it not get
    // to, the one it has still serves.
    if (back.keepsMedia) this.#offer({ iceRestart: true }).catch(() => {});
    else await this.#connectAnew();
    this.#change({ isReturning: false, state: back.isHold ? 'held' : 'connected' });
  }

  async #connectAnew() {
    this.#hasRestarted = false;
    this.#sound.connect(this.#iceServers);
    this.#change({ hasSound: false });
    await this.#offer();
  }

  #await(time, reason) {
    clearTimeout(this.#patience);
    this.#patience = time === null ? null : setTimeout(() => this.finish(reason), time);
  }

  /** What the page needs should it be reloaded now. */
  #writeDown() {
    if (!this.isResumable) return;
    const { number, direction, id, numericId, answeredAt } = this;
    keepPlace({ ...this.#place, number, direction, id, numericId, answeredAt });
  }

  // Making it

  useMicrophone(stream) { return this.#sound.useMicrophone(stream); }

  async connect(uuid, numericId) {
    Object.assign(this, { id: uuid, numericId });
    if (this.isOver) return this.#socket.tell('end-call', { callId: uuid });
    await this.#socket.ask('join-call', { callId: uuid });
    if (this.isOver) return;
    this.#sound.connect(this.#iceServers);
    await this.#offer();
  }

  async #offer(options) {
    const sdp = await this.#sound.offer(options);
    await this.#socket.ask('offer', { callId: this.id, sdp });
  }

  #connectionChanged(state) {
    const isWeak = state === 'disconnected' || state === 'failed';
    if (state === 'connected') this.#hasRestarted = false;
    this.#change({ isWeak, hasSound: this.hasSound || state === 'connected' });
    if (isWeak) this.#socket.probe();
    if (state !== 'failed' || this.isReturning) return;
    if (this.#hasRestarted || !this.hasSound) return this.#mediaFailed();
    this.#hasRestarted = true;
    this.#offer({ iceRestart: true }).catch(() => this.#mediaFailed());
  }

  #mediaFailed() {
    // The socket is away as well, and comes back with the call.
    if (this.isOver || this.isReturning || (this.isResumable && this.#socket.state !== 'online')) return;
    this.#emit('failure', 'failMedia');
    this.hangUp('media_failed');
  }

  // What the server tells

  hear(name, data) {
    switch (name) {
      case 'joined-call': this.#joined(data); break;
      case 'call-media-lost': this.#connectAnew().catch(() => this.#mediaFailed()); break;
      case 'call-replaced': this.finish('replaced'); break;
      case 'answer': this.#sound.acceptAnswer(sdpOf(data)).catch(() => this.hangUp('media_failed')); break;
      case 'offer': this.#renegotiate(sdpOf(data)); break;
      case 'ice-candidate': this.#sound.addCandidate(data.candidate).catch(() => {}); break;
      case 'call:ringing': this.#progress('ringing'); break;
      case 'call-status': this.#progress(data.status); break;
      case 'call-answered': this.#progress(data.action === 'reject' ? 'rejected' : 'answered'); break;
      case 'call-hold-changed': this.#holdChanged(data.isHold); break;
      // Somebody joined our call with another, whose name it bears from now on.
      case 'call-moved': this.#change({ id: data.newCallId, numericId: data.newId }); break;
      case 'call-recording-changed': this.#change({ isRecorded: data.state === 'recording' }); break;
      case 'call-quality': this.#sound.fromGateway(data); break;
      case 'transfer-error': this.#transferFailed(); break;
      case 'call-ended': this.finish(this.isTransferring ? 'transferred' : data.reason); break;
      // The ending itself follows with its reason, unless only our part of the call is over.
      case 'left-call': setTimeout(() => this.finish(this.isTransferring ? 'transferred' : null), 400); break;
    }
  }

  #joined({ iceServers, resumeToken, resumeTimeout }) {
    this.#iceServers = iceServers;
    this.#place = resumeToken ? { token: resumeToken, timeout: resumeTimeout } : null;
  }

  async #renegotiate(sdp) {
    const answer = await this.#sound.answer(sdp).catch(() => null);
    if (answer) this.#socket.tell('answer', { callId: this.id, sdp: answer });
  }

  #progress(status) {
    if (status === 'ringing' && this.state === 'calling' && this.direction === 'outgoing') {
      this.#change({ state: 'ringing' });
    } else if (status === 'answered' && !this.answeredAt && !this.isOver) {
      this.#change({ state: 'connected', answeredAt: Date.now() });
    }
  }

  #holdChanged(isHeld) {
    if (this.answeredAt && !this.isOver) this.#change({ state: isHeld ? 'held' : 'connected' });
  }

  #transferFailed() {
    // A transfer of the other side's is no business of ours.
    if (!this.isTransferring) return;
    this.#change({ isTransferring: false });
    this.#emit('failure', 'failTransfer');
  }

  // What the person does

  setMuted(isMuted) {
    this.setSilent(isMuted);
    return this.#socket.ask('mute-call', { callId: this.id, muted: isMuted });
  }

  /** Mutes the microphone, without a word to the server. */
  setSilent(isMuted) {
    this.#sound.setMuted(isMuted);
    this.#change({ isMuted });
  }

  setHeld(isHold) { return this.#socket.ask('hold-call', { callId: this.id, isHold }); }

  /** `target`: `{targetUserId}` or `{target}`, a number. */
  async transfer(target) {
    this.#change({ isTransferring: true });
    await this.#socket.ask('transfer-call', { callId: this.id, ...target }).catch((refusal) => {
      this.#change({ isTransferring: false });
      throw refusal;
    });
  }

  async sendDigit(digit) {
    if (!this.answeredAt) return;
    sounds.keyTone(digit);
    if (!this.#sound.sendDigit(digit)) await this.#socket.ask('send-digits', { callId: this.id, digits: digit });
  }

  hangUp(reason = null) {
    if (this.isOver) return;
    if (this.id) this.#socket.tell('end-call', { callId: this.id });
    this.finish(reason);
  }

  finish(reason) {
    if (this.isOver) return;
    this.#await(null);
    this.#sound.close();
    keepPlace(null);
    this.#change({ state: 'ended', endedAt: Date.now(), reason });
  }

  #change(facts) {
    Object.assign(this, facts);
    this.#writeDown();
    this.#emit('change');
  }

  #emit(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}

const sdpOf = ({ sdp }) => sdp?.sdp ?? sdp;
