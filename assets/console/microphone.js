// In the audio thread: the microphone, at whatever rate the machine has, to frames of 20 ms at 8 kHz. A low-pass filter
// keeps out what 8 kHz cannot carry; output samples are taken between its input samples where they fall.

const rate = 8_000, frame = 160, taps = 64;

class Microphone extends AudioWorkletProcessor {
  #step = sampleRate / rate;
  #past = new Float32Array(4_096); // a ring of input samples
  #written = 0;
  #next = taps; // where, among the input samples, the next output sample lies
  #frame = new Float32Array(frame);
  #filled = 0;

  // A windowed sinc, cut off a little below half of the lower rate.
  #at(position) {
    const cutoff = Math.min(1, rate / sampleRate) * 0.92;
    const first = Math.floor(position) - taps / 2 + 1;
    let sum = 0, weights = 0;
    for (let i = first; i < first + taps; ++i) {
      const distance = i - position, angle = Math.PI * distance * cutoff;
      const weight = (Math.abs(angle) < 1e-6 ? 1 : Math.sin(angle) / angle) * (0.5 + 0.5 * Math.cos((2 * Math.PI * distance) / taps));
      sum += weight * this.#past[i & 4_095];
      weights += weight;
    }
    return sum / weights;
  }

  process([input]) {
    const samples = input[0];
    if (!samples) return true;
    for (const sample of samples) this.#past[this.#written++ & 4_095] = sample;
    for (; this.#next + taps / 2 + 1 < this.#written; this.#next += this.#step) {
      this.#frame[this.#filled++] = this.#at(this.#next);
      if (this.#filled < frame) continue;
      this.port.postMessage(this.#frame);
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor("microphone", Microphone);
