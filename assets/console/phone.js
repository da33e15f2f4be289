// The telephone: calls this server as a caller would, by the same webhook plan, stream and speech.

import {PhoneAudio} from "./phone_audio.js";
import {PhoneCall} from "./phone_call.js";
import {byId, el, setText} from "./elements.js";
import {duration} from "./wording.js";

const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

export class Phone {
  #call = null;
  #audio = null;
  #since = 0;

  constructor(calls, oncall) {
    this.calls = calls;
    this.oncall = oncall;
    this.#build();
    calls.addEventListener("change", () => this.#follow());
    setInterval(() => this.#call && this.#since && setText(this.timer, duration(performance.now() - this.#since)), 500);
    addEventListener("keydown", (event) => this.#typed(event));
    addEventListener("pagehide", () => this.#call?.hangUp());
  }

  #build() {
    this.number = el("input", {id: "phone-to", type: "tel", placeholder: "its usual number", pattern: "\\+[1-9][0-9]{1,14}", autocomplete: "off", title: "A number such as +15551234567"});
    this.voice = el("input", {id: "phone-voice", placeholder: "its usual voice", pattern: "[A-Za-z0-9_\\-]{1,64}", autocomplete: "off", spellcheck: "false"});
    this.button = el("button", {type: "submit", class: "call", id: "phone-call"}, "Call");
    this.idle = el("form", {class: "idle", submit: (event) => (event.preventDefault(), this.#place())},
      el("p", {}, "No phone needed: your browser is the caller. You hear what callers hear, and it hears you."),
      el("details", {}, el("summary", {}, "Another number or voice"),
        el("label", {for: "phone-to"}, "Number that is called"), this.number, el("label", {for: "phone-voice"}, "Voice"), this.voice),
      this.button);
    this.timer = el("span", {class: "number", role: "timer"}, "0:00");
    this.said = el("p", {class: "caption", "aria-live": "polite"});
    this.meters = {them: el("meter", {min: 0, max: 1, value: 0, "aria-label": "loudness of the voice"}), you: el("meter", {min: 0, max: 1, value: 0, "aria-label": "loudness of your microphone"})};
    this.mute = el("button", {type: "button", id: "phone-mute", "aria-pressed": "false", click: () => this.#mute()}, "Mute");
    this.running = el("div", {class: "in-call", hidden: true},
      el("div", {class: "title-row"}, el("strong", {}, "In a call"), this.timer),
      this.said,
      el("div", {class: "levels"}, el("span", {}, "Voice"), this.meters.them, el("span", {}, "You"), this.meters.you),
      el("div", {class: "keypad", role: "group", "aria-label": "keypad"}, keys.map((key) => el("button", {type: "button", "data-key": key, click: () => this.#press(key)}, key))),
      el("div", {class: "buttons"}, this.mute, el("button", {type: "button", class: "danger", id: "phone-hangup", click: () => this.#call?.hangUp()}, "Hang up")));
    this.told = el("p", {class: "note", role: "status", id: "phone-told"});
    byId("phone-body").append(this.idle, this.running, this.told);
  }

  async #place() {
    this.button.disabled = true;
    setText(this.told, "Opening the microphone …");
    try {
      this.#audio = await PhoneAudio.open();
      this.#audio.onlevel = (who, level) => (this.meters[who].value = Math.sqrt(level));
      setText(this.told, "Calling …");
      const wish = {...(this.number.value && {to: this.number.value}), ...(this.voice.value && {voice_id: this.voice.value})};
      this.#call = await PhoneCall.place(this.#audio, wish);
      this.#call.onconnected = () => this.#connected();
      this.#call.onended = (sentence) => this.#ended(sentence);
    } catch (failure) {
      this.#audio?.close();
      this.#ended(failure.message);
    }
  }

  #connected() {
    this.#since = performance.now();
    this.idle.hidden = true;
    this.running.hidden = false;
    setText(this.said, "");
    setText(this.told, this.#audio.microphoneFault ?? "");
    byId("phone-hangup").focus({preventScroll: true});
    this.oncall(this.#call.callSid);
  }

  #ended(sentence) {
    const hadFocus = this.running.contains(document.activeElement);
    this.#call = this.#audio = null;
    this.#since = 0;
    this.button.disabled = false;
    this.idle.hidden = false;
    this.running.hidden = true;
    this.mute.setAttribute("aria-pressed", "false");
    setText(this.told, sentence);
    if (hadFocus) this.button.focus({preventScroll: true});
  }

  #mute() {
    if (!this.#audio) return;
    this.#audio.muted = !this.#audio.muted;
    this.mute.setAttribute("aria-pressed", String(this.#audio.muted));
  }

  #press(key) {
    this.#call?.press(key);
    this.running.querySelector(`[data-key="${key}"]`)?.animate?.([{opacity: 0.4}, {opacity: 1}], 250);
  }

  #typed(event) {
    const writing = event.target.closest?.("input, textarea, select, dialog");
    if (!this.#call || writing || event.ctrlKey || event.metaKey || event.altKey || !keys.includes(event.key)) return;
    this.#press(event.key);
  }

  // The words of what is heard, and whether the phone may be used at all.
  #follow() {
    const offered = this.calls.server?.softphone ?? true;
    byId("phone").hidden = !offered && !this.#call;
    const saying = this.#call && this.calls.known.get(this.#call.callSid)?.being_said;
    if (saying?.text) setText(this.said, saying.text);
    this.said.dataset.now = String(Boolean(saying));
  }
}
