import { Refusal } from './server.js';

const pauses = [500, 1000, 2000, 4000, 8000, 15000];
const pingPeriod = 20_000;
const replyLimit = 10_000;
const probeLimit = 1500;

/**
 * The signalling connection, which comes back by itself.
 *
 * Server events are dispatched under their own names. Besides: `link` (detail: connecting, online, offline) and
 * `refused` when the server does not accept the token.
 */
export class Socket extends EventTarget {
  #account;
  #connection = null;
  #waiting = new Map();
  #lastId = 0;
  #attempts = 0;
  #timers = {};
  #isClosed = false;
  state = 'connecting';

  /** `account`: `{token, user}`, or null for a guest. */
  constructor(account) {
    super();
    this.#account = account;
    window.addEventListener('online', this.#retryNow);
  }

  open() {
    this.#enter('connecting');
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const connection = new WebSocket(`${scheme}://${location.host}/ws`);
    this.#connection = connection;
    connection.onopen = () => this.#greet();
    connection.onmessage = ({ data }) => this.#receive(data);
    connection.onclose = () => this.#lost(connection);
  }

  close() {
    this.#isClosed = true;
    window.removeEventListener('online', this.#retryNow);
    clearTimeout(this.#timers.retry);
    this.#connection?.close();
  }

  /** Sends a command and waits for its acknowledgement; throws `Refusal`. */
  ask(event, data = {}) {
    if (this.#connection?.readyState !== WebSocket.OPEN) {
      return Promise.reject(new Refusal('OFFLINE', 'offline'));
    }
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id, { error: { code: 'TIMEOUT' } }), replyLimit);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#connection.send(JSON.stringify({ event, data, id }));
    });
  }

  /** Sends a command whose failure makes no difference. */
  tell(event, data = {}) { this.ask(event, data).catch(() => {}); }

  /** Finds out at once whether the connection lives, when there is reason to doubt it. */
  probe() {
    if (this.state === 'online') this.#ping(probeLimit);
  }

  async #greet() {
    try {
      if (this.#account) await this.ask('authenticate', { userId: this.#account.user.id, token: this.#account.token });
      else this.#ping();
    } catch (refusal) {
      // Silence is a broken connection, not an answer about the token.
      if (refusal.code === 'TIMEOUT' || refusal.code === 'OFFLINE') return this.#connection?.close();
      this.close();
      return this.#emit('refused', refusal);
    }
    this.#attempts = 0;
    this.#timers.ping = setInterval(() => this.#ping(), pingPeriod);
    this.#enter('online');
  }

  /** A connection may be dead without a word: a missing pong closes it. */
  #ping(limit = replyLimit) {
    const connection = this.#connection;
    if (connection?.readyState !== WebSocket.OPEN) return;
    connection.send(JSON.stringify({ event: 'ping' }));
    clearTimeout(this.#timers.pong);
    this.#timers.pong = setTimeout(() => this.#lost(connection), limit);
  }

  #receive(frame) {
    const message = JSON.parse(frame);
    clearTimeout(this.#timers.pong);
    if (message.type === 'ack') return this.#settle(message.id, message);
    // Before our first frame the server does not know our style and uses its flat one.
    this.#emit(message.event ?? message.type, message.data ?? message);
  }

  #settle(id, { success, data, error }) {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    if (success) waiting.resolve(data);
    else waiting.reject(new Refusal(error?.code ?? 'UNEXPECTED', error?.message, 0, 0, error?.details));
  }

  #lost(connection) {
    if (connection !== this.#connection) return;
    this.#connection = null;
    connection.onclose = null;
    connection.close();
    clearInterval(this.#timers.ping);
    clearTimeout(this.#timers.pong);
    for (const id of [...this.#waiting.keys()]) this.#settle(id, { error: { code: 'OFFLINE' } });
    if (this.#isClosed) return;
    this.#enter('offline');
    const pause = pauses[Math.min(this.#attempts++, pauses.length - 1)];
    // Many pages must not come back to a restarted server in the same moment.
    this.#timers.retry = setTimeout(() => this.open(), pause * (0.75 + Math.random() / 2));
  }

  #retryNow = () => {
    if (this.#connection || this.#isClosed) return;
    clearTimeout(this.#timers.retry);
    this.open();
  };

  #enter(state) {
    this.state = state;
    this.#emit('link', state);
  }

  #emit(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}
