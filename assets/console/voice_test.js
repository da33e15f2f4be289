// Hear a voice without a phone: text in, a player and the picture of what it plays out.

import {json, request} from "./api.js";
import {byId, el, setText} from "./elements.js";
import {peaksOf, Waveform} from "./waveform.js";
import {milliseconds} from "./wording.js";

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
    this.player = el("audio", {controls: true, hidden: true});
    this.wave = new Waveform(this.player, "waveform");
    byId("voice-body").append(el("form", {submit: (event) => (event.preventDefault(), this.#say())},
      el("label", {for: "test-text"}, "Text"), this.text,
      el("label", {for: "test-voice"}, "Voice"), this.voice, this.voices,
      el("div", {class: "buttons"}, this.button)), this.told, this.wave.element, this.player);
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
    const samples = (await new OfflineAudioContext(1, 1, 8000).decodeAudioData(bytes)).getChannelData(0);
    this.wave.draw([peaksOf(samples.length, (i) => samples[i])]);
    try {
      await this.player.play();
    } catch {
      // Some browsers want another click first: the player is there.
    }
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
