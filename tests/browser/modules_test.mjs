// The console's modules one by one, in the browser they are written for; sound is rendered faster than it plays.

import {launch, openPage} from "./browser.mjs";
import {check, checkEqual, run} from "./checks.mjs";
import {endAll, Server} from "./programs.mjs";

const server = await Server.start({});
const browser = await launch("--autoplay-policy=no-user-gesture-required");
const page = await openPage(browser, server.url);

// The level of a tone of `hertz` behind the microphone's conversion to 8 kHz, in decibels of what went in.
const throughMicrophone = (rate, hertz) => page.evaluate(async ([sampleRate, frequency]) => {
  const context = new OfflineAudioContext(1, sampleRate * 2, sampleRate);
  await context.audioWorklet.addModule("/console/microphone.js");
  const microphone = new AudioWorkletNode(context, "microphone", {outputChannelCount: [1]});
  const samples = [];
  microphone.port.onmessage = ({data}) => samples.push(...data);
  const tone = new OscillatorNode(context, {frequency});
  tone.connect(microphone).connect(context.destination);
  tone.start();
  await context.startRendering();
  while (samples.length < 15_840) await new Promise((resolve) => setTimeout(resolve, 10)); // 99 whole frames; the last messages are on their way
  const settled = samples.slice(1_600, 14_400);
  const power = settled.reduce((sum, sample) => sum + sample * sample, 0) / settled.length;
  return {decibels: 10 * Math.log10(power / 0.5), seconds: samples.length / 8_000};
}, [rate, hertz]);

async function the_microphone_becomes_a_telephones() {
  for (const rate of [48_000, 44_100, 16_000, 8_000]) {
    const voice = await throughMicrophone(rate, 1_000);
    check(Math.abs(voice.decibels) < 0.5, `${rate} Hz: a tone of 1 kHz comes through`, voice);
    check(Math.abs(voice.seconds - 2) < 0.03, `${rate} Hz: two seconds stay two seconds`, voice);
    if (rate < 16_000) continue;
    const beyond = await throughMicrophone(rate, 5_500);
    check(beyond.decibels < -40, `${rate} Hz: what 8 kHz cannot carry is kept out`, beyond);
  }
}

// Lets a loudspeaker play what `orders` says; `played` is every sample that went to the device until all marks were back.
const throughLoudspeaker = (orders, marksExpected) => page.evaluate(async ([messages, count]) => {
  globalThis.played.length = 0;
  const context = new AudioContext({sampleRate: 8_000});
  await context.audioWorklet.addModule("/console/loudspeaker.js");
  const loudspeaker = new AudioWorkletNode(context, "loudspeaker", {numberOfInputs: 0, outputChannelCount: [1]});
  const marks = [];
  loudspeaker.port.onmessage = ({data}) => data.mark && marks.push(data.mark);
  loudspeaker.connect(context.destination);
  for (const message of messages)
    loudspeaker.port.postMessage(message.samples ? {samples: Float32Array.from(message.samples)} : message);
  const pause = () => new Promise((resolve) => setTimeout(resolve, 10));
  while (marks.length < count) await pause();
  for (const enough = globalThis.played.length + 2; globalThis.played.length < enough; ) await pause(); // what the ear has in hand
  await context.close();
  return {marks, played: globalThis.played.flatMap((part) => [...part])};
}, [orders, marksExpected]);

async function the_loudspeaker_plays_in_order_and_tells() {
  const ramp = Array.from({length: 833}, (_, i) => Math.fround((i + 1) / 1_000));
  const told = await throughLoudspeaker([
    {mark: "at once"}, {samples: ramp.slice(0, 333)}, {mark: "after the first"}, {samples: ramp.slice(333)}, {mark: "after both"}], 3);
  checkEqual(told.marks, ["at once", "after the first", "after both"], "marks come back in order");
  const first = told.played.findIndex((sample) => sample !== 0);
  check(ramp.every((sample, i) => told.played[first + i] === sample), "two pieces are played without a gap, sample for sample");
  check(told.played.slice(first + 833).every((sample) => sample === 0), "and then there is silence");
}

async function clear_returns_the_marks_of_what_was_not_played() {
  const long = Array(40_000).fill(0.5); // five seconds
  const told = await throughLoudspeaker([{samples: long}, {mark: "one"}, {samples: long}, {mark: "two"}, {clear: true}, {samples: Array(80).fill(0.25)}, {mark: "three"}], 3);
  checkEqual(told.marks, ["one", "two", "three"], "the marks come back in order");
  const count = (value) => told.played.filter((sample) => sample === value).length;
  check(count(0.5) < 8_000 && count(0.25) === 80, "what was cleared is not heard, what follows is", [count(0.5), count(0.25)]);
}

async function the_feed_is_read_however_it_is_cut() {
  for (const size of [1, 2, 3, 7, 1_000]) {
    const heard = await page.evaluate(async (bytesAtOnce) => {
      const {readEvents} = await import("/console/live.js");
      const text = ':\n\nevent: hello\ndata: {"name": "Zoë ☎"}\n\nevent: unknown\ndata: 1\n\nevent: calls\ndata: {"calls":\ndata:  [1]}\n\nevent: calls\ndata: {"cut';
      const bytes = new TextEncoder().encode(text);
      const stream = new ReadableStream({start(controller) {
        for (let at = 0; at < bytes.length; at += bytesAtOnce) controller.enqueue(bytes.slice(at, at + bytesAtOnce));
        controller.close();
      }});
      const events = [];
      await readEvents(stream, {hello: (event) => events.push(event), calls: (event) => events.push(event)});
      return events;
    }, size);
    checkEqual(heard, [{name: "Zoë ☎"}, {calls: [1]}], `in pieces of ${size} bytes`);
  }
}

async function a_timeline_tells_what_happened() {
  const {bars, points} = await page.evaluate(async () => {
    const {eventsOf} = await import("/console/timeline.js");
    const at = (ms) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
    return eventsOf({
      created_at: at(0), opened_at: at(1_000), ended_at: at(9_000), state: "ended", outcome: "hung_up", direction: "inbound", first_word_ms: 20,
      moments: [
        {kind: "speech_asked", at: at(10)}, {kind: "first_audio", at: at(200), what: "elevenlabs_http"}, {kind: "speech_complete", at: at(700), length_ms: 3_000},
        {kind: "gap", at: at(2_500), length_ms: 400}, {kind: "digit", at: at(5_000), what: "7"}, {kind: "speech_asked", at: at(6_000)}],
      utterances: [
        {id: 1, kind: "speech", state: "heard", begins_at: at(1_020), ended_at: at(4_000), sent_ms: 3_000, heard_ms: 3_000},
        {id: 2, kind: "mark", name: "here", state: "heard", begins_at: null, ended_at: at(4_100)},
        {id: 3, kind: "speech", state: "cancelled", begins_at: at(6_500), ended_at: at(7_000), sent_ms: 1_500, heard_ms: 500}],
    }, Date.now());
  });
  const bar = (kind) => bars.filter((one) => one.kind === kind).map(({from, to}) => [from, to]);
  checkEqual(bar("ringing"), [[0, 1_000]], "it rang until the stream opened");
  checkEqual(bar("stream"), [[1_000, 9_000]], "the stream was open until the end");
  checkEqual(bar("synthesis"), [[10, 700], [6_000, 7_000]], "synthesis ends when it is complete, or dropped");
  checkEqual(bar("heard"), [[1_020, 4_020], [6_500, 7_000]], "what was heard");
  checkEqual(bar("dropped"), [[7_000, 8_000]], "what was sent and never heard");
  checkEqual(bar("gap"), [[2_100, 2_500]], "a gap ends when it is told");
  const told = points.toSorted((a, b) => a.at - b.at).map(({label}) => label);
  checkEqual(told, ["webhook", "first audio: ElevenLabs", "stream opened", "first word, 20 ms after the stream", "mark here: heard", "key 7", "end: hung up by us"], "the moments, in order");
}

async function axes_have_round_numbers() {
  const ticks = await page.evaluate(async () => {
    const {ticksOf} = await import("/console/timeline.js");
    return [100, 3_000, 61_000, 14_400_000].map((span) => ticksOf(span));
  });
  for (const axis of ticks) check(axis.length >= 3 && axis.length <= 8 && /^[125]0*$/.test(String(axis[1])), `steps of ${axis[1]}`, axis);
}

const status = await run(the_microphone_becomes_a_telephones, the_loudspeaker_plays_in_order_and_tells, clear_returns_the_marks_of_what_was_not_played,
  the_feed_is_read_however_it_is_cut, a_timeline_tells_what_happened, axes_have_round_numbers);
await browser.close();
await server.end();
endAll();
process.exit(status);
