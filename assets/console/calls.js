// What this page knows of the calls. Views listen to "change", which comes at most once a frame.

const callsMax = 1_000; // beyond that the longest ended are forgotten

export class Calls extends EventTarget {
  server = null;
  figures = null;
  known = new Map();
  levels = new Map(); // how loud callers are in dBFS, by CallSid, where the server listens to them
  clockSkew = 0; // the server's clock, less ours
  #announced = false;

  hello(server) {
    this.server = server;
    this.known.clear();
    this.levels.clear();
    this.#change();
  }

  take({at, calls}) {
    this.clockSkew = Date.parse(at) - Date.now();
    for (const call of calls) {
      this.known.set(call.call_sid, call);
      if (call.state === "ended") this.levels.delete(call.call_sid);
    }
    if (this.known.size > callsMax) this.#forget();
    this.#change();
  }

  takeLevels({rms_dbfs}) {
    for (const [sid, level] of Object.entries(rms_dbfs)) this.levels.set(sid, level);
    this.#change();
  }

  takeFigures(figures) {
    this.figures = figures;
    this.#change();
  }

  now() {
    return Date.now() + this.clockSkew;
  }

  // The latest first.
  list(wanted = () => true) {
    return [...this.known.values()].filter(wanted).sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
  }

  #forget() {
    const ended = this.list((call) => call.state === "ended").reverse();
    for (const call of ended.slice(0, this.known.size - callsMax)) this.known.delete(call.call_sid);
  }

  #change() {
    if (this.#announced) return;
    this.#announced = true;
    // A hidden page draws no frames, and need not keep up.
    requestAnimationFrame(() => {
      this.#announced = false;
      this.dispatchEvent(new Event("change"));
    });
  }
}

// How far the ear is in what is being said, from the plan: between two marks nobody tells.
export function progressOf(utterance, now) {
  if (!utterance || utterance.kind === "mark" || !utterance.begins_at) return {heard: 0, sent: 0};
  const elapsed = utterance.ended_at ? utterance.heard_ms : now - Date.parse(utterance.begins_at);
  const sent = Math.max(utterance.sent_ms, 1);
  return {heard: Math.min(Math.max(elapsed, utterance.heard_ms), sent), sent};
}
