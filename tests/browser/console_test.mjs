// The console as a person uses it, in a browser: a call is seen, heard, steered and placed.

import {mkdirSync} from "node:fs";
import {join} from "node:path";
import {launch, openPage, playedSamples, seriousFindings} from "./browser.mjs";
import {check, checkEqual, run, waitUntil} from "./checks.mjs";
import {endAll, samplesOfMulaw, samplesOfWav, screenshots, Server, SimulatedCall, StandIn, toneFile, workplace} from "./programs.mjs";

const greeting = "Good morning, this is the console speaking to you.";
const key = "key-one-0123456789";

const standIn = await StandIn.start();
const recording = {RECORDINGS_DIR: join(workplace, "recordings"), RECORD: "true"};
const server = await Server.start({GREETING: greeting, CALLER_AUDIO: "level", ...recording, ...standIn.settings()});
const browser = await launch();
mkdirSync(screenshots, {recursive: true});

const live = (page) => page.locator("#line[data-state=live]").waitFor();
const stateOf = (page, sid) => page.locator(`tr[data-sid="${sid}"] .state`);

// Whether `part` stands in `whole`, sample for sample; silence at its edges does not count.
function contains(whole, part) {
  const first = part.findIndex((sample) => sample !== 0), last = part.findLastIndex((sample) => sample !== 0);
  const core = part.subarray(first, last + 1);
  for (let at = 0; at + core.length <= whole.length; ++at) {
    let same = 0;
    while (same < core.length && whole[at + same] === core[same]) ++same;
    if (same === core.length) return true;
  }
  return false;
}

async function a_call_appears_is_steered_and_ends() {
  const page = await openPage(browser, server.url);
  await live(page);
  checkEqual(await page.locator(".empty").first().innerText(), "No calls yet. Call the number, or call from this page: the first one appears here at once.", "a newcomer is told what to do");
  const caller = new SimulatedCall(server);
  await page.locator("tr[data-sid] .state[data-tone=open]").waitFor();
  const sid = await page.locator("tr[data-sid]").first().getAttribute("data-sid");
  check(true, "a call appears");
  await waitUntil(async () => (await page.locator(`tr[data-sid="${sid}"] .words`).innerText()) === greeting, "the words being said");
  check(true, "with the words that are being said");

  await page.locator(`tr[data-sid="${sid}"] button`).click();
  await page.fill("#say-text", "Your taxi is at the door.");
  await page.keyboard.press("Enter");
  await page.locator(".said .words", {hasText: "Your taxi is at the door."}).waitFor();
  await page.locator(".said li", {hasText: "Your taxi is at the door."}).locator(".note", {hasText: /^heard/}).waitFor();
  check(true, "what is typed is said and heard");
  await page.screenshot({path: join(screenshots, "running-call.png"), fullPage: true});
  await page.click("#hangup");
  await stateOf(page, sid).filter({hasText: "heard to the end"}).waitFor();
  check(true, "it is hung up, and the page says how it ended");
  await caller.ended;
  check(contains(caller.heard(), samplesOfMulaw(await standIn.audioOf("Your taxi is at the door."))), "the caller heard the words, sample for sample");

  const moments = await page.locator(".moments li").allTextContents();
  for (const what of ["webhook", "stream opened", "first audio: ElevenLabs", "first word", "end: heard to the end"])
    check(moments.some((text) => text.includes(what)), `the timeline has: ${what}`, moments);
  check((await page.locator(".timeline rect.heard").count()) >= 2, "and shows what was heard");
  checkEqual(page.problems, [], "the browser has nothing to complain of");
  await page.context().close();
}

async function a_caller_is_heard_live_and_recorded() {
  const page = await openPage(browser, server.url);
  await live(page);
  const before = await page.locator("tr[data-sid]").count();
  const tone = toneFile(3);
  const caller = new SimulatedCall(server, "--speak", tone.path, "--hold", "60");
  await page.locator("tr[data-sid] .state[data-tone=open]").waitFor();
  check((await page.locator("tr[data-sid]").count()) === before + 1, "another call appears");
  const sid = await page.locator("tr[data-sid]").first().getAttribute("data-sid");
  const level = () => page.locator(`tr[data-sid="${sid}"] meter`).evaluate((meter) => (meter.hidden ? null : meter.value));
  await waitUntil(async () => (await level()) === tone.level, "the caller's level");
  check(true, "a bar shows how loud the caller is");
  await page.locator(`tr[data-sid="${sid}"] button`).click();
  await page.locator("#details meter").waitFor();
  await waitUntil(async () => (await level()) === -60, "silence");
  checkEqual(await page.locator("#details meter").evaluate((meter) => meter.value), -60, "and that they are silent, in the list and in the call's details");
  const ofCall = page.locator("[aria-label='recordings of this call'] li");
  await ofCall.filter({hasText: "being recorded"}).waitFor();
  check(await ofCall.getByText("Delete").isDisabled(), "a running call's recording is there, and cannot be deleted");
  await page.click("#hangup");
  await caller.ended;
  await page.locator("[aria-label='recordings of this call'] li[data-state=whole]").waitFor();
  check(!(await page.locator("#details meter").isVisible()) && (await level()) === null, "behind the end of the call no level is shown");

  const name = await ofCall.getAttribute("data-name");
  const ofAll = page.locator(`#recordings li[data-name="${name}"]`);
  check(await ofAll.isVisible(), "the recording stands among all of them, too");
  const answer = page.waitForResponse(`**/recordings/${name}`);
  await ofAll.locator(".play").click();
  await waitUntil(() => page.locator("#recordings audio").evaluate((audio) => audio.currentTime > 0.5), "it plays");
  check(true, "it plays");
  const wav = await (await answer).body();
  const side = (which) => samplesOfMulaw(wav.subarray(wav.indexOf("data") + 8).filter((_, i) => i % 2 === which));
  check(contains(side(0), tone.samples), "on its left the caller, sample for sample");
  check(contains(side(1), samplesOfMulaw(await standIn.audioOf(greeting))), "on its right what was said to them");
  check((await page.locator("#recordings .wave.two path.wave-played").count()) === 1, "with a picture of both");
  check((await page.locator("#recordings a[download]").getAttribute("download")) === `${name}.wav`, "it can be saved");
  await page.screenshot({path: join(screenshots, "recordings.png"), fullPage: true});
  await recordingIsDeleted(page, ofAll, name);
  checkEqual(page.problems, [], "the browser has nothing to complain of");
  await page.context().close();
}

async function recordingIsDeleted(page, row, name) {
  await row.getByText("Delete").click();
  await page.locator("#delete-dialog[open]").waitFor();
  checkEqual(await seriousFindings(page), [], "axe finds nothing serious in the question");
  await page.keyboard.press("Enter");
  check(await row.isVisible(), "who presses Enter without looking keeps the recording");
  await row.getByText("Delete").click();
  await page.locator("#delete-dialog button[value=delete]").click();
  await row.waitFor({state: "detached"});
  await page.locator("[aria-label='recordings of this call']").waitFor({state: "hidden"});
  check(!(await page.locator("#recordings audio").isVisible()), "a deleted recording is gone from both lists, and plays no more");
  checkEqual((await fetch(server.api(`/recordings/${name}`))).status, 404, "and from the disk");
}

async function a_voice_is_tested() {
  const page = await openPage(browser, server.url);
  await live(page);
  const text = "This is a test of a voice.";
  await page.fill("#test-text", text);
  const answer = page.waitForResponse("**/test-synthesis");
  await page.click("#test-say");
  await page.locator("#voice .wave path.wave-all").waitFor();
  const played = await waitUntil(() => page.evaluate(() => document.querySelector("#voice audio").currentTime), "it plays");
  check(played > 0, "the test synthesis plays");
  check(contains(samplesOfWav(await (await answer).body()), samplesOfMulaw(await standIn.audioOf(text))), "what it plays is what the voice said");
  check(/First sound after .* ms, all of it after/.test(await page.locator("#voice [role=status]").innerText()), "its timing is told");
  checkEqual(page.problems, [], "the browser has nothing to complain of");
  await page.context().close();
}

async function a_call_from_the_browser() {
  const page = await openPage(browser, server.url);
  await live(page);
  await page.click("#phone-call");
  await page.locator("#phone-hangup").waitFor();
  await page.locator(".caption", {hasText: greeting}).waitFor();
  check(true, "the call connects, and shows the words it hears");
  await waitUntil(() => page.locator("tr[data-sid] meter").first().evaluate((meter) => !meter.hidden && meter.value > -60), "the microphone's level");
  check(true, "and the list shows how loud its microphone is");
  const known = samplesOfMulaw(await standIn.audioOf(greeting));
  const mark = await waitUntil(() => page.socketFrames.findLast((frame) => frame.sent && frame.event === "mark"), "marks come back");
  await page.locator(".said .note", {hasText: /^heard/}).waitFor();
  check(await waitUntil(async () => contains(await playedSamples(page), known), "the greeting was played"), "the loudspeaker played the greeting, sample for sample");
  const lastMark = page.socketFrames.findLast((frame) => frame.sent && frame.event === "mark");
  const firstMedia = page.socketFrames.find((frame) => !frame.sent && frame.event === "media");
  check(mark && lastMark.at - firstMedia.at >= known.length / 8 - 250, "its last mark came back when it had been played, not before", `${lastMark.at - firstMedia.at} ms of ${known.length / 8} ms`);

  const spoken = page.socketFrames.filter((frame) => frame.sent && frame.event === "media");
  const loudest = Math.max(...spoken.map((frame) => Math.max(...samplesOfMulaw(Buffer.from(frame.media.payload, "base64")))));
  check(spoken.length > 20 && spoken.every((frame) => Buffer.from(frame.media.payload, "base64").length === 160), "the microphone speaks in frames of 20 ms", spoken.length);
  check(loudest > 0.05, "and is heard", loudest);

  await page.locator("[data-key='7']").click();
  await page.keyboard.press("#");
  await page.locator(".facts dd", {hasText: /^7#$/}).waitFor();
  check(true, "keys arrive");

  await page.fill("#say-text", "This sentence is long enough to be dropped in the middle of it, because nobody wants to hear all of it to its very end.");
  await page.click("#say");
  await waitUntil(() => page.socketFrames.filter((frame) => !frame.sent && frame.event === "media").at(-1).at > lastMark.at, "it is being said");
  await page.click("#clear");
  await waitUntil(() => page.socketFrames.some((frame) => !frame.sent && frame.event === "clear"), "the clear arrives");
  await page.locator(".said li[data-state=cancelled]").waitFor();
  const lengthThen = (await playedSamples(page)).length;
  const after = await waitUntil(async () => {
    const samples = await playedSamples(page);
    return samples.length > lengthThen + 16_000 && samples.subarray(lengthThen + 8_192); // behind what the ear had in hand
  }, "two seconds more");
  check(after.every((sample) => sample === 0), "after a clear there is silence");
  await page.screenshot({path: join(screenshots, "softphone.png"), fullPage: true});

  await page.click("#phone-hangup");
  await page.locator("#phone-told", {hasText: "You hung up."}).waitFor();
  await page.locator("tr[data-sid] .state[data-tone=good]").first().waitFor();
  check((await server.metric("mouthpiece_media_messages_total")) >= spoken.length, "the server received what was spoken");
  checkEqual(page.problems, [], "the browser has nothing to complain of");
  await page.context().close();
}

async function the_key_is_asked_for_once() {
  const guarded = await Server.start({API_KEYS: key, GREETING: greeting, ...standIn.settings()});
  const page = await openPage(browser, guarded.url);
  const refusals = (problem) => !problem.includes("401"); // Chromium reports every refused request
  await page.locator("#key-dialog[open]").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#line[data-state=refused]", {hasText: "no API key"}).waitFor();
  check(!(await page.locator("#key-dialog").isVisible()), "who has no key is not asked again and again");
  await page.reload();
  await page.locator("#key-dialog[open]").waitFor();
  await page.fill("#key-field", "a-wrong-key-0123456789");
  await page.keyboard.press("Enter");
  await page.locator("#key-reason", {hasText: "wrong"}).waitFor();
  await page.fill("#key-field", key);
  await page.keyboard.press("Enter");
  await live(page);
  check(true, "with the key the page lives");
  await page.reload();
  await live(page);
  check(!(await page.locator("#key-dialog").isVisible()), "and does not ask again in this tab");
  checkEqual(page.problems.filter(refusals), [], "the browser has nothing else to complain of");
  await page.context().close();
  await guarded.end();
}

// What reaches into the margin of the card it stands in. A picture may be wider than its scroller.
const outsideOfCards = (page) => page.evaluate(() => [...document.querySelectorAll(".card *")].filter((element) => {
  if (element.closest(".scroller, svg, .unseen, legend")) return false;
  const card = element.closest(".card"), {paddingRight} = getComputedStyle(card);
  return element.getBoundingClientRect().right > card.getBoundingClientRect().right - parseFloat(paddingRight) + 1;
}).map((element) => `${element.tagName} ${element.className}: ${element.textContent.slice(0, 40)}`));

async function it_looks_and_reads_well() {
  const looks = {light: {colorScheme: "light"}, dark: {colorScheme: "dark"}, phone: {viewport: {width: 390, height: 844}, hasTouch: true, isMobile: true}};
  for (const [name, options] of Object.entries(looks)) {
    const page = await openPage(browser, server.url, options);
    await live(page);
    await page.locator("tr[data-sid] button").first().click();
    await page.locator(".timeline svg.picture").waitFor();
    await page.screenshot({path: join(screenshots, `${name}.png`), fullPage: true});
    checkEqual(await seriousFindings(page), [], `${name}: axe finds nothing serious`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    check(overflow <= 0, `${name}: nothing sticks out to the side`, overflow);
    checkEqual(await outsideOfCards(page), [], `${name}: nor out of its card`);
    checkEqual(page.problems, [], `${name}: the browser has nothing to complain of`);
    await page.context().close();
  }
}

async function it_works_by_keyboard() {
  const page = await openPage(browser, server.url);
  await live(page);
  await page.locator("#phone-call").focus();
  await page.keyboard.press("Enter");
  await page.locator("#phone-hangup:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.locator("#phone-call:focus").waitFor();
  check(true, "a call is placed and hung up without a mouse, and the focus stays");
  await page.context().close();
}

async function it_comes_back_when_the_server_does() {
  const once = await Server.start({GREETING: greeting, ...standIn.settings()});
  const page = await openPage(browser, once.url);
  await live(page);
  await once.end();
  await page.locator("#line[data-state=lost]").waitFor();
  const again = await Server.start({GREETING: greeting, PORT: new URL(once.url).port, ...standIn.settings()});
  await live(page);
  check(true, "the page follows a restart of the server by itself");
  await page.context().close();
  await again.end();
}

const status = await run(a_call_appears_is_steered_and_ends, a_caller_is_heard_live_and_recorded, a_voice_is_tested, a_call_from_the_browser, the_key_is_asked_for_once,
  it_looks_and_reads_well, it_works_by_keyboard, it_comes_back_when_the_server_does);
await browser.close();
await server.end();
endAll();
process.exit(status);
