const period = 2000;

/**
 * How a call sounds, from the browser's statistics (what we receive) and the gateway's (what it receives of ours).
 *
 * `onUpdate({lossIn, lossOut, jitter, rtt, mos, codec, grade, isFlowing})`: losses 0 … 1 over the last seconds, times in
 * milliseconds, the gateway's score 1 … 4.5; what is not known is null. `isFlowing`: packets came since the last look.
 */
export class Quality {
  #pc;
  #timer;
  #onUpdate;
  #gateway = {};
  #before = { lost: 0, received: 0 };

  constructor(pc, onUpdate) {
    this.#pc = pc;
    this.#onUpdate = onUpdate;
    this.#timer = setInterval(() => this.#measure(), period);
  }

  /** Takes a `call-quality` event. */
  fromGateway(figures) { this.#gateway = figures; }

  stop() { clearInterval(this.#timer); }

  async #measure() {
    const report = [...(await this.#pc.getStats()).values()];
    const inbound = report.find((entry) => entry.type === 'inbound-rtp' && entry.kind === 'audio');
    const pair = report.find((entry) => entry.type === 'candidate-pair' && entry.nominated && entry.state === 'succeeded');
    const codec = report.find((entry) => entry.id === inbound?.codecId);
    if (!inbound) return;
    const isFlowing = inbound.packetsReceived > this.#before.received;
    const figures = {
      lossIn: this.#loss(inbound),
      lossOut: this.#gateway.loss ?? null,
      jitter: Number.isFinite(inbound.jitter) ? inbound.jitter * 1000 : this.#gateway.jitter ?? null,
      rtt: Number.isFinite(pair?.currentRoundTripTime) ? pair.currentRoundTripTime * 1000 : this.#gateway.rtt ?? null,
      mos: this.#gateway.mos ?? null,
      codec: codec?.mimeType?.split('/')[1] ?? null,
    };
    this.#onUpdate({ ...figures, grade: grade(figures), isFlowing });
  }

  #loss({ packetsLost = 0, packetsReceived = 0 }) {
    const lost = Math.max(0, packetsLost - this.#before.lost);
    const received = Math.max(0, packetsReceived - this.#before.received);
    this.#before = { lost: packetsLost, received: packetsReceived };
    return lost + received > 0 ? lost / (lost + received) : null;
  }
}

function grade({ lossIn, lossOut, jitter, rtt, mos }) {
  const loss = Math.max(lossIn ?? 0, lossOut ?? 0);
  const score = mos ?? 5;
  if (loss > 0.05 || rtt > 400 || jitter > 80 || score < 3.1) return 'poor';
  if (loss > 0.01 || rtt > 200 || jitter > 30 || score < 3.8) return 'fair';
  return 'good';
}
