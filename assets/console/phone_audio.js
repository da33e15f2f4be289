// Microphone and loudspeaker of the telephone. The loudspeaker runs at the telephone's own 8 kHz, the microphone at the
// machine's rate: not every browser lets one stream's rate differ from its context's.

const telephoneRate = 8_000;

async function worklet(context, name, options) {
  await context.audioWorklet.addModule(`/console/${name}.js`);
  return new AudioWorkletNode(context, name, options);
}

export class PhoneAudio {
  onframe = () => {}; // 160 samples from the microphone
  onmark = () => {};
  onlevel = () => {};
  microphoneFault = null; // why there is no microphone
  muted = false;

  // On a click: browsers let no page play or listen of itself.
  static async open() {
    const audio = new PhoneAudio();
    await audio.#openLoudspeaker();
    await audio.#openMicrophone();
    return audio;
  }

  async #openLoudspeaker() {
    this.context = new AudioContext({sampleRate: telephoneRate, latencyHint: "interactive"});
    if (!this.context.audioWorklet) throw new Error("Sound needs https, or the address localhost or 127.0.0.1.");
    this.loudspeaker = await worklet(this.context, "loudspeaker", {numberOfInputs: 0, outputChannelCount: [1]});
    this.loudspeaker.port.onmessage = ({data}) => (data.mark === undefined ? this.onlevel("them", data.level) : this.onmark(data.mark));
    this.loudspeaker.connect(this.context.destination);
    await this.context.resume();
  }

  // Without one, one can still listen.
  async #openMicrophone() {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({audio: {channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true}});
    } catch (failure) {
      this.microphoneFault = failure.name === "NotAllowedError" ? "The microphone is not allowed: you can listen only." : "There is no microphone: you can listen only.";
      return;
    }
    this.microphoneContext = new AudioContext();
    const microphone = await worklet(this.microphoneContext, "microphone", {numberOfInputs: 1, outputChannelCount: [1]});
    microphone.port.onmessage = ({data}) => this.#heard(data);
    this.microphoneContext.createMediaStreamSource(this.stream).connect(microphone);
    microphone.connect(this.microphoneContext.destination); // silent; it makes the node run
    await this.microphoneContext.resume();
  }

  #heard(frame) {
    if (this.muted) frame.fill(0);
    let loudest = 0;
    for (const sample of frame) loudest = Math.max(loudest, Math.abs(sample));
    this.onlevel("you", loudest);
    this.onframe(frame);
  }

  play(samples) {
    this.loudspeaker.port.postMessage({samples}, [samples.buffer]);
  }
  mark(name) {
    this.loudspeaker.port.postMessage({mark: name});
  }
  clear() {
    this.loudspeaker.port.postMessage({clear: true});
  }

  close() {
    this.onframe = this.onmark = this.onlevel = () => {};
    this.stream?.getTracks().forEach((track) => track.stop());
    this.loudspeaker?.port.postMessage({end: true});
    this.context?.close();
    this.microphoneContext?.close();
  }
}
