// Chromium with a microphone that beeps, and pages that keep what went wrong and what the loudspeaker played.

import {chromium} from "playwright-core";
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function launch(...more) {
  const args = [...more, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--disable-dev-shm-usage"];
  if (process.getuid?.() === 0) args.push("--no-sandbox"); // Chromium refuses to run sandboxed as root
  return chromium.launch({executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args});
}

// In the page, before its own scripts: an ear between the telephone's loudspeaker and the device, which keeps every
// sample that is played, in order. It lives in the page's own thread, a buffer of a second behind: nothing is lost unless
// that thread stands still for so long.
function listenIn() {
  globalThis.played = [];
  const {connect} = AudioNode.prototype;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode && this.context.sampleRate === 8_000) {
      const ear = this.context.createScriptProcessor(8_192, 1, 1);
      ear.onaudioprocess = ({inputBuffer}) => globalThis.played.push(inputBuffer.getChannelData(0).slice());
      connect.call(this, ear);
      connect.call(ear, this.context.destination);
    }
    return connect.call(this, to, ...rest);
  };
}

const isOfTheEar = (message) => message.includes("ScriptProcessorNode is deprecated");

// A page with `problems` (what its console complained of) and `frames` (of its WebSockets).
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({viewport: {width: 1280, height: 900}, permissions: ["microphone"], ...options});
  const page = await context.newPage();
  page.problems = [];
  page.socketFrames = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && !isOfTheEar(message.text()) && page.problems.push(message.text()));
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("websocket", (socket) => {
    for (const event of ["framesent", "framereceived"])
      socket.on(event, ({payload}) => page.socketFrames.push({at: Date.now(), sent: event === "framesent", ...JSON.parse(payload)}));
  });
  await page.addInitScript(listenIn);
  await page.goto(url);
  return page;
}

export async function playedSamples(page) {
  const text = await page.evaluate(() => {
    const bytes = new Uint8Array(Float32Array.from(globalThis.played.flatMap((part) => [...part])).buffer);
    let binary = "";
    for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return btoa(binary);
  });
  const bytes = Buffer.from(text, "base64");
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

// What an accessibility checker holds against the page, of some weight.
export async function seriousFindings(page) {
  await page.evaluate(axeSource);
  const {violations} = await page.evaluate(() => globalThis.axe.run());
  return violations.filter(({impact}) => impact === "serious" || impact === "critical")
    .map(({id, nodes}) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`).join(" | ")}`);
}
