// Compares our signatures and our TwiML with Twilio's official Node library.
// usage: [BUILD_DIR=build/dev] node check_twilio.js     (needs the program twilio_probe there)
// Exit status 1 on any difference; the last line is "node: N passed, M failed".

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import querystring from 'node:querystring';
import { SaxesParser } from 'saxes';
import twilio from 'twilio';

const seed = 20260101;
const samples = 500;
const default_build_dir = new URL('../../build/dev', import.meta.url).pathname;
const probe = join(process.env.BUILD_DIR ?? default_build_dir, 'twilio_probe');

let passed = 0;
let failed = 0;
function check(holds, what) {
  if (holds) {
    passed += 1;
    return;
  }
  failed += 1;
  if (failed <= 10) console.error('FAILED', what);
}

function probe_lines(args, input = '') {
  const out = execFileSync(probe, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  return out.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

// [[name, value], …] as Express hands it to the library: a repeated name is an array.
function to_params(fields) {
  const params = {};
  for (const [name, value] of fields) {
    if (name in params) params[name] = [].concat(params[name], value);
    else params[name] = value;
  }
  return params;
}

function with_one_character_changed(text) {
  const at = text.length >> 1;
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

// ---- our signatures, judged by the library

function check_our_signature({ token, url, fields, signature }) {
  const params = to_params(fields);
  check(twilio.validateRequest(token, signature, url, params), { ours: url, fields });
  check(!twilio.validateRequest(token, with_one_character_changed(signature), url, params), { changed: url });
}

// ---- the library's signatures, judged by us

const with_port = (url, port) => url.replace(/^([a-z]+:\/\/[^/?:]+)(:\d+)?/, `$1${port}`);
const path_of = (url) => url.match(/^[a-z]+:\/\/[^/?]+([^?]*)/)[1];

// Texts the back end may have signed for this URL, and some that it may not have.
function signed_candidates(url) {
  const normal = new URL(url).toString();
  const query = normal.indexOf('?');
  const legacy = query < 0 ? normal : normal.slice(0, query + 1) + querystring.stringify(querystring.parse(normal.slice(query + 1)));
  const bases = [...new Set([url, normal, legacy])];
  return [
    ...bases,
    ...bases.flatMap((base) => ['', ':80', ':443', ':8443', ':9'].map((port) => with_port(base, port))),
    url.replace(path_of(url), `${path_of(url)}/`),
    url.replace(/^[a-z]+/, 'https'),
    url.toUpperCase(),
    `${url}&x=1`,
  ];
}

const odd_urls = [
  "https://gw.example.com/v?name=O'Brien&n=2&name=b",
  "https://GW.example.com/V/?q=a+b&r=%27x%2f&s=%zz&t=(1)*!~",
  'https://gw.example.com/v?a&b=&=c&&d=1=2',
  'https://gw.example.com/a"b<c>d`e{f}|g/?q="<>`{}|^',
  'https://gw.example.com/é/北?n=é📞',
  'https://gw.example.com?a=1',
  'https://gw.example.com/v?',
  'http://gw.example.com:1234/v?a=%41',
];

function library_cases(our_samples) {
  const urls = [...odd_urls, ...new Set(our_samples.map((sample) => sample.url).filter((url) => !url.startsWith('wss')))];
  return urls.flatMap((url, index) => {
    const { token, fields } = our_samples[index % our_samples.length];
    const params = to_params(fields);
    return [...new Set(signed_candidates(url))].map((signed_url) => {
      const signature = twilio.getExpectedTwilioSignature(token, signed_url, params);
      const expected = twilio.validateRequest(token, signature, url, params);
      return { kind: 'webhook', token, url, fields, signature, signed_url, expected };
    });
  });
}

function json_cases(token) {
  const body = '{"event":"é"}';
  const hash = createHash('sha256').update(body).digest('hex');
  const url = `https://gw.example.com/hook?x=1&bodySHA256=${hash}`;
  const signature = twilio.getExpectedTwilioSignature(token, url, {});
  return [body, `${body} `].map((text) => ({
    kind: 'json', token, url, body: text, signature,
    expected: twilio.validateRequestWithBody(token, signature, url, text),
  }));
}

function upgrade_cases(token) {
  const url = 'wss://gw.example.com/call/connection';
  const sign = (signed_url) => twilio.getExpectedTwilioSignature(token, signed_url, {});
  return [
    { kind: 'upgrade', token, url, signature: sign(url), expected: true },
    { kind: 'upgrade', token, url, signature: sign(`${url}/`), expected: true },
    { kind: 'upgrade', token, url, signature: sign(url.replace('wss', 'https')), expected: false },
  ];
}

function check_library_signatures(our_samples) {
  const token = our_samples[0].token;
  const cases = [...library_cases(our_samples), ...json_cases(token), ...upgrade_cases(token)];
  check(cases.some((c) => c.expected) && cases.some((c) => !c.expected), 'the cases can tell right from wrong');
  const answers = probe_lines(['verify'], cases.map((c) => `${JSON.stringify(c)}\n`).join(''));
  check(answers.length === cases.length, 'one answer per case');
  cases.forEach((c, index) => check(answers[index] === c.expected, { library: c, ours: answers[index] }));
}

// ---- our TwiML, read by a strict parser and compared with the library's

function to_tree(xml) {
  const root = { children: [] };
  const open = [root];
  const parser = new SaxesParser({ fragment: false });
  parser.on('error', (error) => { throw error; });
  parser.on('opentag', ({ name, attributes }) => {
    const node = { name, attributes: { ...attributes }, text: '', children: [] };
    open.at(-1).children.push(node);
    open.push(node);
  });
  parser.on('text', (text) => { if (open.length > 1) open.at(-1).text += text; });
  parser.on('closetag', () => open.pop());
  parser.write(xml).close();
  return root.children[0];
}

function library_twiml(line) {
  const response = new twilio.twiml.VoiceResponse();
  if (line.kind === 'connect') {
    const stream = response.connect(line.action ? { action: line.action } : {}).stream({ url: line.url });
    for (const [name, value] of line.parameters) stream.parameter({ name, value });
  } else if (line.kind === 'say') {
    response.say(line.text);
    response.hangup();
  } else if (line.kind === 'hang_up') {
    response.hangup();
  } else if (line.kind === 'reject_busy') {
    response.reject({ reason: 'busy' });
  }
  return response.toString();
}

function check_twiml(line) {
  try {
    const ours = JSON.stringify(to_tree(line.xml));
    const theirs = JSON.stringify(to_tree(library_twiml(line)));
    check(ours === theirs, { ours, theirs });
  } catch (error) {
    check(false, { line, error: error.message });
  }
}

const lines = probe_lines(['print', String(seed), String(samples)]);
const signatures = lines.filter((line) => line.kind === 'signature');
check(signatures.length === samples, 'as many signatures as asked for');
signatures.forEach(check_our_signature);
check_library_signatures(signatures);
lines.filter((line) => line.kind !== 'signature').forEach(check_twiml);
console.log(`node: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
