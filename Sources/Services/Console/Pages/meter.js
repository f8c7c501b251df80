import { audioContext } from './sounds.js';

const floor = -60;

/** Measures a stream's level some twelve times a second: `onLevel(0 … 1)`, where 0 is −60 dBFS and 1 full scale. */
export class Meter {
  #source;
  #timer;

  constructor(stream, onLevel) {
    const context = audioContext();
    const analyser = new AnalyserNode(context, { fftSize: 2048 });
    const samples = new Float32Array(analyser.fftSize);
    this.#source = context.createMediaStreamSource(stream);
    this.#source.connect(analyser);
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      const decibels = 10 * Math.log10(power + 1e-12);
      onLevel(Math.min(1, Math.max(0, 1 - decibels / floor)));
    }, 80);
  }

  stop() {
    clearInterval(this.#timer);
    this.#source.disconnect();
  }
}
