// In the audio thread, at 8 kHz: plays what it is given, in order and without a gap between, and says of each mark when
// everything in front of it has been played. `clear` drops what has not been, and returns the marks at once, as Twilio
// does.
//
//   in: {samples: Float32Array} | {mark: name} | {clear: true}      out: {mark: name} | {level: 0…1, waiting: samples}

const levelEvery = 800; // samples: ten times a second

class Loudspeaker extends AudioWorkletProcessor {
  #queue = []; // Float32Array, or the name of a mark
  #offset = 0; // played of the first
  #loudest = 0;
  #untilLevel = levelEvery;
  #ended = false;

  constructor() {
    super();
    this.port.onmessage = ({data}) => {
      if (data.samples) this.#queue.push(data.samples);
      else if (data.mark !== undefined) this.#queue.push(data.mark);
      else if (data.clear) this.#clear();
      else if (data.end) this.#ended = true;
    };
  }

  #clear() {
    for (const entry of this.#queue) {
      if (typeof entry === "string") this.port.postMessage({mark: entry});
    }
    this.#queue = [];
    this.#offset = 0;
  }

  process(_, [[output]]) {
    let filled = 0;
    while (this.#queue.length > 0) {
      const entry = this.#queue[0];
      if (typeof entry === "string") {
        this.port.postMessage({mark: entry});
        this.#queue.shift();
        continue;
      }
      if (filled === output.length) break;
      const part = entry.subarray(this.#offset, this.#offset + output.length - filled);
      output.set(part, filled);
      filled += part.length;
      this.#offset += part.length;
      if (this.#offset < entry.length) continue;
      this.#queue.shift();
      this.#offset = 0;
    }
    this.#tellLevel(output);
    return !this.#ended;
  }

  #tellLevel(output) {
    for (const sample of output) this.#loudest = Math.max(this.#loudest, Math.abs(sample));
    this.#untilLevel -= output.length;
    if (this.#untilLevel > 0) return;
    const waiting = this.#queue.reduce((sum, entry) => sum + (typeof entry === "string" ? 0 : entry.length), -this.#offset);
    this.port.postMessage({level: this.#loudest, waiting: Math.max(waiting, 0)});
    this.#loudest = 0;
    this.#untilLevel = levelEvery;
  }
}

registerProcessor("loudspeaker", Loudspeaker);
