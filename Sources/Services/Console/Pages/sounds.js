let context = null;
let stopCurrent = () => {};

/** The one audio context; browsers let it sound only after a person has touched the page. */
export function audioContext() {
  context ??= new AudioContext();
  if (context.state === 'suspended') context.resume().catch(() => {});
  return context;
}

const rows = [697, 770, 852, 941];
const columns = [1209, 1336, 1477, 1633];
const layout = '123A456B789C*0#D';

/** Sounds some frequencies together, with soft edges so that nothing clicks; `at` and `length` in seconds. */
function tone(output, frequencies, at, length, volume) {
  const gain = output.context.createGain();
  const edge = Math.min(0.02, length / 4);
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(volume / frequencies.length, at + edge);
  gain.gain.setValueAtTime(volume / frequencies.length, at + length - edge);
  gain.gain.linearRampToValueAtTime(0, at + length);
  gain.connect(output);
  for (const frequency of frequencies) {
    const oscillator = new OscillatorNode(output.context, { frequency });
    oscillator.connect(gain);
    oscillator.start(at);
    oscillator.stop(at + length);
  }
}

/** Repeats a pattern of `[frequencies, start, length, volume]` every `period` seconds until something else sounds. */
function repeat(period, pattern) {
  silence();
  const output = new GainNode(audioContext());
  output.connect(output.context.destination);
  const play = () => {
    for (const [frequencies, start, length, volume] of pattern) {
      tone(output, frequencies, output.context.currentTime + start, length, volume);
    }
  };
  play();
  const timer = setInterval(play, period * 1000);
  stopCurrent = () => {
    clearInterval(timer);
    output.disconnect();
  };
}

export function silence() {
  stopCurrent();
  stopCurrent = () => {};
}

/** The tones of the house, as `/console.json` has them; in milliseconds. */
let tones = {};

export function useTones(plan) { tones = plan ?? {}; }

function telephoneTone(name) {
  const { frequencies, on, off } = tones[name] ?? { frequencies: [425], on: 1000, off: 4000 };
  repeat((on + off) / 1000, [[frequencies, 0.05, on / 1000, 0.08]]);
}

/** The far end rings. */
export const ringBack = () => telephoneTone('ringback');

/** The far end does not take the call. */
export const busy = () => telephoneTone('busy');

/** The far end cannot be reached. */
export const congestion = () => telephoneTone('congestion');

/** Somebody calls: two soft notes, twice. */
export const ring = () => repeat(3.2, [
  [[659.3, 1318.5], 0.05, 0.22, 0.22], [[784, 1568], 0.27, 0.34, 0.22],
  [[659.3, 1318.5], 0.85, 0.22, 0.22], [[784, 1568], 1.07, 0.5, 0.22],
]);

/** Somebody calls while a call is on: a short sign that does not drown the talk. */
export const callWaiting = () => repeat(6, [[[440], 0.05, 0.15, 0.06], [[440], 0.3, 0.15, 0.06]]);

/** The call is over: two short falling notes. */
export function farewell() {
  silence();
  const { currentTime, destination } = audioContext();
  tone(destination, [494], currentTime + 0.02, 0.11, 0.08);
  tone(destination, [370], currentTime + 0.15, 0.16, 0.08);
}

/** What a key sounds like (ITU-T Q.23). */
export function keyTone(digit) {
  const place = layout.indexOf(digit);
  if (place < 0) return;
  const { currentTime, destination } = audioContext();
  tone(destination, [rows[Math.floor(place / 4)], columns[place % 4]], currentTime, 0.11, 0.07);
}
