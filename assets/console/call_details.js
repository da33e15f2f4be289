// One call: its facts, its timeline, what was said, and the means to steer it. The feed tells that something has
// changed; the whole is then asked for.

import {json, post} from "./api.js";
import {progressOf} from "./calls.js";
import {byId, choice, el, setText} from "./elements.js";
import {loudnessMeter, showLevel} from "./loudness.js";
import {RecordingList} from "./recording_list.js";
import {drawTimeline} from "./timeline.js";
import {callTitle, clockTime, duration, milliseconds, partyWords, stateTone, stateWords, utteranceWords} from "./wording.js";

const refreshMs = 1_000; // of a running call: how far it was heard changes without news

export class CallDetails {
  onshown = () => {};
  #sid = null;
  #call = null;
  #row = null;
  #asking = false;
  #again = false;
  #span = "whole";
  #texts = new Map(); // an ended call's are forgotten by the server, not by who reads along

  constructor(calls) {
    this.calls = calls;
    this.#build();
    calls.addEventListener("change", () => {
      this.#drawLevel();
      const row = calls.known.get(this.#sid);
      if (!row || row === this.#row) return;
      this.#row = row;
      this.#refresh();
    });
    byId("details-close").addEventListener("click", () => this.#close());
    setInterval(() => !document.hidden && this.#call?.state === "open" && this.#refresh(), refreshMs);
  }

  async show(sid, {quietly = false} = {}) {
    if (quietly && this.#sid !== null && this.#call?.state === "open") return;
    this.#sid = sid;
    this.#call = null;
    this.#texts.clear();
    this.recorded.hidden = true;
    this.recordings.of(sid);
    this.onshown(sid);
    await this.#refresh();
    if (!quietly && this.#call) {
      byId("details-title").focus({preventScroll: true});
      byId("details").scrollIntoView({block: "nearest", behavior: "smooth"});
    }
  }

  #close() {
    this.#sid = this.#call = null;
    this.recordings.of(null);
    byId("details").hidden = true;
    this.onshown(null);
  }

  #build() {
    this.facts = el("dl", {class: "facts"});
    this.picture = el("figure", {class: "timeline"});
    this.said = el("ol", {class: "said"});
    this.meter = loudnessMeter();
    this.level = el("div", {class: "levels", hidden: true}, el("span", {}, "Caller"), this.meter);
    this.recorded = el("section", {"aria-label": "recordings of this call", hidden: true}, el("h3", {}, "Recordings"));
    this.recordings = new RecordingList(this.calls, {sid: null, onlisted: (page) => this.#drawRecorded(page)});
    const spans = choice(el("fieldset", {class: "switch"}, el("legend", {}, "Show")), "span",
      [["whole", "Whole call"], ["first", "First 3 seconds"]], this.#span, (span) => {
        this.#span = span;
        this.#draw();
      });
    this.recorded.append(this.recordings.element);
    byId("details-body").append(this.#steering(), this.level, this.facts, el("div", {class: "title-row"}, el("h3", {}, "Timeline"), spans), this.picture,
      this.recorded, el("h3", {}, "Said"), this.said);
  }

  #steering() {
    this.text = el("textarea", {id: "say-text", rows: 2, maxlength: 5000, required: true, placeholder: "Your taxi is at the door.",
      keydown: (event) => event.key === "Enter" && !event.shiftKey && !event.isComposing && (event.preventDefault(), this.steer.requestSubmit(this.say))});
    this.interrupt = el("input", {type: "checkbox", id: "say-interrupt"});
    this.say = el("button", {type: "submit", class: "strong", id: "say"}, "Say it");
    this.answer = el("p", {class: "note", role: "status"});
    this.steer = el("form", {class: "steer", submit: (event) => {
      event.preventDefault();
      const mode = this.interrupt.checked ? "interrupt" : "queue";
      this.#order("/say", {text: this.text.value, mode}, "It is in the call's queue.").then((done) => done && this.steer.reset());
    }},
      el("label", {for: "say-text"}, "Say on this call"), this.text,
      el("div", {class: "buttons"}, this.say,
        el("span", {class: "check"}, this.interrupt, el("label", {for: "say-interrupt"}, "interrupt what is being said")),
        el("button", {type: "button", id: "clear", click: () => this.#order("/clear", {}, "What was not heard is dropped.")}, "Clear"),
        el("button", {type: "button", id: "hangup", class: "danger", click: () => this.#order("/hangup", {when: "now"}, "Hung up.")}, "Hang up")),
      this.answer);
    return this.steer;
  }

  async #order(what, body, done) {
    try {
      await post(`/calls/${encodeURIComponent(this.#sid)}${what}`, body);
      setText(this.answer, done);
      this.#refresh();
      return true;
    } catch (failure) {
      setText(this.answer, failure.message);
      return false;
    }
  }

  // One request at a time; news that comes meanwhile asks once more.
  async #refresh() {
    this.#again = true;
    if (this.#asking) return;
    this.#asking = true;
    while (this.#again && this.#sid) {
      this.#again = false;
      const sid = this.#sid;
      try {
        const call = await json(`/calls/${encodeURIComponent(sid)}`);
        if (sid === this.#sid) this.#take(call);
      } catch (failure) {
        if (sid === this.#sid && failure.status === 404) this.#close();
      }
    }
    this.#asking = false;
  }

  #take(call) {
    this.#call = call;
    for (const one of call.utterances) {
      if (one.text) this.#texts.set(one.id, one.text);
    }
    byId("details").hidden = false;
    this.#draw();
  }

  #draw() {
    const call = this.#call;
    if (!call) return;
    setText(byId("details-title"), `Call ${call.direction?.startsWith("outbound") ? "" : "from "}${callTitle(call)}`);
    if (this.steer.hidden !== (call.state !== "open")) {
      this.steer.hidden = call.state !== "open";
      setText(this.answer, "");
    }
    this.#drawLevel();
    this.#drawFacts(call);
    drawTimeline(this.picture, call, this.calls.now(), this.#span);
    this.#drawSaid(call);
  }

  #drawRecorded({recordings}) {
    this.recorded.hidden = recordings.length === 0;
  }

  #drawLevel() {
    this.level.hidden = !showLevel(this.meter, this.#call?.state === "open" ? this.calls.levels.get(this.#sid) : undefined);
  }

  #drawFacts(call) {
    const length = call.opened_at && (call.ended_at ? Date.parse(call.ended_at) : this.calls.now()) - Date.parse(call.opened_at);
    const facts = [
      ["State", stateWords(call), stateTone(call)],
      ["From", partyWords(call.from)], ["To", call.to ? partyWords(call.to) : "–"],
      ["Began", clockTime(call.created_at)], ["Length", length ? duration(length) : "–"],
      ["First word", milliseconds(call.first_word_ms)], ["Heard", `${milliseconds(call.heard_ms)} of ${milliseconds(call.sent_ms)} sent`],
      ["Gaps", String(call.underruns)], ["Keys", call.digits || "none"], ["Voice", call.voice_id ?? "default"], ["CallSid", call.call_sid],
      call.answered_by && ["Answered by", call.answered_by], call.stream_error && ["Twilio says", call.stream_error],
    ].filter(Boolean);
    this.facts.replaceChildren(...facts.map(([name, value, tone]) =>
      el("div", value.length > 16 && !tone ? {class: "wide"} : {}, el("dt", {}, name), el("dd", tone ? {class: "state", "data-tone": tone} : {}, value))));
  }

  #drawSaid(call) {
    const now = this.calls.now();
    this.said.replaceChildren(...call.utterances.map((one) => {
      if (one.kind === "mark") return el("li", {}, el("span", {class: "words"}, `mark “${one.name}”`), el("span", {class: "note"}, utteranceWords(one.state)));
      const {heard, sent} = progressOf(one, now);
      return el("li", {"data-state": one.state},
        el("span", {class: "words"}, this.#texts.get(one.id) ?? "(its text is kept while the call runs)"),
        el("progress", {max: sent || 1, value: heard, "aria-label": `heard of utterance ${one.id}`}),
        el("span", {class: "note"}, `${utteranceWords(one.state)} · ${milliseconds(heard)} of ${milliseconds(one.sent_ms)}`));
    }));
    if (call.utterances.length === 0) this.said.append(el("li", {class: "note"}, "Nothing yet."));
  }
}
