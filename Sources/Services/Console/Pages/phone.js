import * as sounds from './sounds.js';
import { Call } from './call.js';
import { openMicrophone, isPossible } from './microphone.js';
import { keptPlace } from './place.js';
import { Refusal } from './server.js';

/** How long the ending of a call stays in view. */
const farewellTime = 2500;

/** What a caller hears whose call nobody took, by its reason. */
const refusals = {
  busy: sounds.busy, rejected: sounds.busy, no_answer: sounds.busy, unavailable: sounds.busy, not_found: sounds.busy,
  signalling_timeout: sounds.congestion, signalling_failed: sounds.congestion, upstream_failed: sounds.congestion,
};

/**
 * The telephone: at most one call, and the calls that are offered to us.
 *
 * Dispatches `change` (the call or its state), `offers` (who is ringing), `level` ({mic} or {far}), `quality`, and
 * `failure` with a text key.
 */
export class Phone extends EventTarget {
  #socket;
  #sounding = null;
  /** There is a microphone for the call we come back to. */
  #isReady = true;
  call = null;
  /** Calls that ring here, by UUID, oldest first. */
  offers = new Map();

  constructor(socket) {
    super();
    this.#socket = socket;
    const hear = (names, react) => {
      for (const name of names) socket.addEventListener(name, ({ detail }) => react.call(this, detail ?? {}));
    };
    hear(['incoming-call'], this.#offered);
    hear(['incoming-transfer'], ({ call, fromUser }) => call && this.#offered({ ...call, isTransfer: true, fromUser }));
    hear(['call-withdrawn', 'call-answered', 'call-ended'], this.#withdrawn);
    hear(['link'], this.#linkChanged);
    for (const name of ['answer', 'offer', 'ice-candidate', 'joined-call', 'left-call', 'call-status', 'call:ringing',
      'call-answered', 'call-ended', 'call-hold-changed', 'call-recording-changed', 'call-moved', 'call-media-lost',
      'call-replaced', 'transfer-error', 'call-quality']) {
      hear([name], (data) => this.call?.isNamed(data) && this.call.hear(name, data));
    }
  }

  get isBusy() { return this.call !== null && this.call.state !== 'ended'; }

  // What the person does

  async dial(number) {
    if (this.isBusy || !number) return;
    const call = this.#begin(number, 'outgoing');
    await this.#carryOut(call, async () => {
      const made = await this.#socket.ask('initiate-outgoing-call', { toNumber: number });
      await call.connect(made.uuid, made.callId);
    });
  }

  async answer(offer) {
    if (this.isBusy) this.hangUp();
    this.#forget(offer.uuid);
    const call = this.#begin(offer.caller_number, 'incoming');
    await this.#carryOut(call, async () => {
      await this.#socket.ask('answer-call', { callId: offer.uuid, action: 'accept' });
      await call.connect(offer.uuid, offer.id);
    });
  }

  reject(offer) {
    this.#forget(offer.uuid);
    this.#socket.tell('answer-call', { callId: offer.uuid, action: 'reject' });
  }

  hangUp() { this.call?.hangUp(); }

  /** A command of the call in progress; its refusal is shown, and the call goes on. */
  async command(run) {
    if (!this.isBusy) return;
    await run(this.call).catch((refusal) => this.#fail(refusal));
  }

  /** Goes back into the call this tab was in before it was reloaded. */
  async comeBack() {
    const place = keptPlace();
    if (!place || this.call) return;
    const call = this.#take(Call.returning(this.#socket, place));
    call.wait();
    this.#isReady = false;
    try {
      call.useMicrophone(await openMicrophone());
      this.#isReady = true;
      if (this.#socket.state === 'online') await this.#resume(call);
    } catch (problem) {
      this.#fail(problem);
      call.hangUp();
    }
  }

  // The call in progress

  #begin(number, direction) { return this.#take(new Call(this.#socket, number, direction)); }

  #take(call) {
    this.call = call;
    call.addEventListener('change', () => this.#changed(call));
    for (const name of ['level', 'quality', 'failure']) {
      call.addEventListener(name, ({ detail }) => this.call === call && this.#emit(name, detail));
    }
    this.#changed(call);
    return call;
  }

  /** Makes or answers a call once there is a microphone; what cannot be done ends it with a reason. */
  async #carryOut(call, body) {
    try {
      if (!isPossible()) throw new Refusal('NO_MICROPHONE_HERE');
      call.useMicrophone(await openMicrophone());
      if (!call.isOver) await body();
    } catch (problem) {
      if (call.isOver) return;
      this.#fail(problem);
      call.hangUp();
    }
  }

  #changed(call) {
    if (this.call !== call) return;
    this.#emit('change');
    this.#sound();
    if (call.state !== 'ended') return;
    if (this.offers.size === 0 && !this.#sounding) sounds.farewell();
    setTimeout(() => this.#clear(call), farewellTime);
  }

  #clear(call) {
    if (this.call !== call) return;
    this.call = null;
    this.#emit('change');
    this.#sound();
  }

  #linkChanged(state) {
    if (state === 'offline') this.#cutOff();
    if (state === 'online' && this.isBusy && this.call.isReturning && this.#isReady) this.#resume(this.call);
  }

  /** Without signalling the gateway keeps our place in a conversation for a while, and ends whatever else we do. */
  #cutOff() {
    this.offers.clear();
    this.#offersChanged();
    if (!this.isBusy) return;
    if (this.call.isResumable) this.call.wait();
    else this.call.finish('signalling_failed');
  }

  async #resume(call) {
    try {
      await call.resume();
    } catch (problem) {
      // A connection that broke once more comes back once more.
      if (problem.code === 'OFFLINE' || call.isOver) return;
      this.#fail(problem);
      call.finish('signalling_failed');
    }
  }

  // Calls that are offered

  #offered(offer) {
    if (!offer.uuid || this.offers.has(offer.uuid) || this.call?.id === offer.uuid) return;
    this.offers.set(offer.uuid, offer);
    this.#offersChanged();
  }

  #withdrawn({ uuid }) { this.#forget(uuid); }

  #forget(uuid) {
    if (this.offers.delete(uuid)) this.#offersChanged();
  }

  #offersChanged() {
    this.#emit('offers');
    this.#sound();
  }

  /** Starts what is to be heard now, unless it sounds already. */
  #sound() {
    const wanted = this.#wantedSound();
    if (wanted === this.#sounding) return;
    this.#sounding = wanted;
    if (wanted) wanted();
    else sounds.silence();
  }

  #wantedSound() {
    if (this.offers.size > 0) return this.isBusy ? sounds.callWaiting : sounds.ring;
    if (this.call?.state === 'ringing') return sounds.ringBack;
    return this.call?.isRefused ? refusals[this.call.reason] ?? null : null;
  }

  #fail(problem) { this.#emit('failure', failureText(problem)); }

  #emit(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}

const texts = {
  NotAllowedError: 'failMicrophone', NotReadableError: 'failMicrophone', NotFoundError: 'failNoMicrophone',
  NO_MICROPHONE_HERE: 'failInsecure', OFFLINE: 'failOffline', TIMEOUT: 'failServer', INVALID_PHONE: 'failNumber',
  EXTENSION_NOT_FOUND: 'failNoRoute', USER_NOT_FOUND: 'failNoRoute',
  CAPACITY_EXCEEDED: 'failCapacity', DEPENDENCY_UNAVAILABLE: 'failCapacity', CALL_ALREADY_ANSWERED: 'failAnswered',
  CALL_ALREADY_ENDED: 'failGone', CALL_NOT_FOUND: 'failGone',
};

/** The key of the sentence that says what went wrong. */
export const failureText = (problem) => {
  // The only state that a number can be wrong for: it is one of the house, and no telephone or page is there.
  if (problem.code === 'INVALID_STATE' && (problem.details?.to || problem.details?.target)) return 'failNobody';
  return texts[problem.code] ?? texts[problem.name] ?? 'failCommand';
};
