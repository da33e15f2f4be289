// Hear a voice without a phone: text in, a player and the picture of what it plays out.

import {json, request} from "./api.js";
import {byId, el, setText, svg} from "./elements.js";
import {milliseconds} from "./wording.js";

const bins = 240, waveHeight = 64;

export class VoiceTest {
  #url = null;

  constructor(calls) {
    this.calls = calls;
    this.text = el("textarea", {id: "test-text", rows: 3, maxlength: 5000, required: true}, "Good morning. This is how I sound on the telephone.");
    this.voice = el("input", {id: "test-voice", list: "voices", pattern: "[A-Za-z0-9_\\-]{1,64}", placeholder: "default voice", autocomplete: "off", spellcheck: "false",
      focus: () => this.#listVoices()});
    this.voices = el("datalist", {id: "voices"});
    this.button = el("button", {type: "submit", class: "strong", id: "test-say"}, "Say it");
    this.told = el("p", {class: "note", role: "status"});
    this.player = el("audio", {controls: true, hidden: true, timeupdate: () => this.#showPlayed(), ended: () => this.#showPlayed()});
    this.wave = el("div", {class: "wave", hidden: true});
    byId("voice-body").append(el("form", {submit: (event) => (event.preventDefault(), this.#say())},
      el("label", {for: "test-text"}, "Text"), this.text,
      el("label", {for: "test-voice"}, "Voice"), this.voice, this.voices,
      el("div", {class: "buttons"}, this.button)), this.told, this.wave, this.player);
  }

  async #say() {
    this.button.disabled = true;
    setText(this.told, "Speaking …");
    try {
      const response = await request("/test-synthesis", {method: "POST", body: {text: this.text.value, ...(this.voice.value && {voice_id: this.voice.value})}});
      const bytes = await response.arrayBuffer();
      const header = (name) => Number(response.headers.get(name));
      setText(this.told, `First sound after ${milliseconds(header("X-First-Audio-Ms"))}, all of it after ${milliseconds(header("X-Synthesis-Ms"))}; ${milliseconds(header("X-Audio-Ms"))} long.`);
      await this.#play(bytes);
    } catch (failure) {
      setText(this.told, failure.message);
    } finally {
      this.button.disabled = false;
    }
  }

  async #play(bytes) {
    URL.revokeObjectURL(this.#url);
    this.#url = URL.createObjectURL(new Blob([bytes], {type: "audio/wav"}));
    this.player.src = this.#url;
    this.player.hidden = false;
    this.#drawWave((await new OfflineAudioContext(1, 1, 8000).decodeAudioData(bytes)).getChannelData(0));
    try {
      await this.player.play();
    } catch {
      // Some browsers want another click first: the player is there.
    }
  }

  #drawWave(samples) {
    const shape = waveShape(samples);
    this.played = svg("rect", {width: 0, height: waveHeight});
    this.wave.hidden = false;
    this.wave.replaceChildren(svg("svg", {viewBox: `0 0 ${bins} ${waveHeight}`, preserveAspectRatio: "none", role: "img", "aria-label": "waveform"},
      svg("clipPath", {id: "played"}, this.played),
      svg("path", {class: "wave-all", d: shape}), svg("path", {class: "wave-played", d: shape, "clip-path": "url(#played)"})));
  }

  #showPlayed() {
    const {currentTime, duration, ended} = this.player;
    this.played?.setAttribute("width", ended ? bins : (currentTime / (duration || 1)) * bins);
  }

  async #listVoices() {
    if (this.voices.children.length > 0 || !this.calls.server?.elevenlabs_configured) return;
    try {
      const {voices} = await json("/voices");
      this.voices.replaceChildren(...voices.map((voice) => el("option", {value: voice.voice_id}, voice.name)));
    } catch {
      // The account is not there to be asked; a voice id can be typed all the same.
    }
  }
}

// The loudest sample of each bin, drawn to both sides of the middle.
export function waveShape(samples) {
  const middle = waveHeight / 2;
  const peaks = Array.from({length: bins}, (_, bin) => {
    let peak = 0;
    const end = Math.floor(((bin + 1) * samples.length) / bins);
    for (let i = Math.floor((bin * samples.length) / bins); i < end; ++i) peak = Math.max(peak, Math.abs(samples[i]));
    return Math.max(peak * middle, 0.5);
  });
  return peaks.map((peak, bin) => `M${bin + 0.15},${(middle - peak).toFixed(1)}h.7v${(2 * peak).toFixed(1)}h-.7z`).join("");
}
