// One call from the browser, in Twilio's place: the Media Streams protocol over a WebSocket to the server.
//
//   -> connected, start {token}      <- media, mark, clear
//   -> media every 20 ms, dtmf, mark (when it has been played), stop

import {post} from "./api.js";
import {decode, encode, fromBase64, toBase64} from "./mulaw.js";

const mediaFormat = {encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1};

function newStreamSid() {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return `MZ${Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

export class PhoneCall {
  onconnected = () => {};
  onended = () => {}; // (sentence)
  #streamSid = newStreamSid();
  #sequence = 0;
  #chunk = 0;
  #startedAt = 0;
  #over = false;

  // Announces the call and connects it. `audio` is a PhoneAudio.
  static async place(audio, wish) {
    return new PhoneCall(audio, await post("/softphone/calls", wish));
  }

  constructor(audio, announced) {
    this.audio = audio;
    this.callSid = announced.call_sid;
    const url = new URL(announced.connection, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(url);
    this.socket.onopen = () => this.#start(announced);
    this.socket.onmessage = ({data}) => this.#hear(JSON.parse(data));
    this.socket.onclose = ({code}) => this.#end(endingOf(code, this.#startedAt !== 0));
    audio.onframe = (frame) => this.#speak(frame);
    audio.onmark = (name) => this.#send("mark", {mark: {name}});
  }

  #start(announced) {
    this.socket.send(JSON.stringify({event: "connected", protocol: "Call", version: "1.0.0"}));
    this.#startedAt = performance.now();
    this.#send("start", {start: {
      accountSid: announced.account_sid, streamSid: this.#streamSid, callSid: this.callSid, tracks: ["inbound"], mediaFormat,
      customParameters: announced.parameters,
    }});
    this.onconnected();
  }

  #send(event, more) {
    if (this.socket.readyState !== WebSocket.OPEN || this.#startedAt === 0) return;
    this.socket.send(JSON.stringify({event, sequenceNumber: String(++this.#sequence), ...more, streamSid: this.#streamSid}));
  }

  #speak(frame) {
    if (this.#startedAt === 0) return;
    const timestamp = String(Math.round(performance.now() - this.#startedAt));
    this.#send("media", {media: {track: "inbound", chunk: String(++this.#chunk), timestamp, payload: toBase64(encode(frame))}});
  }

  #hear(message) {
    if (message.streamSid !== this.#streamSid) return;
    if (message.event === "media") this.audio.play(decode(fromBase64(message.media.payload)));
    else if (message.event === "mark") this.audio.mark(message.mark.name);
    else if (message.event === "clear") this.audio.clear();
  }

  press(digit) {
    this.#send("dtmf", {dtmf: {track: "inbound_track", digit}});
  }

  hangUp() {
    this.#send("stop", {stop: {accountSid: "", callSid: this.callSid}});
    this.socket.close(1000);
    this.#end("You hung up.");
  }

  #end(sentence) {
    if (this.#over) return;
    this.#over = true;
    this.audio.close();
    this.onended(sentence);
  }
}

function endingOf(code, connected) {
  if (code === 1000) return "The call has ended.";
  if (!connected) return "The server did not take the call.";
  if (code === 1008) return "The server refused the call.";
  return code === 1011 ? "The server could not speak." : "The connection was lost.";
}
