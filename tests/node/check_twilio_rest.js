// Twilio's official Node library as a client of our stand-in for Twilio's REST side: what it sends is understood, and
// what it is answered it can read.
// usage: [BUILD_DIR=build/dev] node check_twilio_rest.js     (needs the program twilio-standin there)
// Exit status 1 on any difference; the last line is "node: N passed, M failed".

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import twilio from 'twilio';

const default_build_dir = new URL('../../build/dev', import.meta.url).pathname;
const program = join(process.env.BUILD_DIR ?? default_build_dir, 'twilio-standin');
const account = 'AC0123456789abcdef0123456789abcdef';
const token = '0123456789abcdef0123456789abcdef';

let passed = 0;
let failed = 0;
function check(holds, what) {
  if (holds) {
    passed += 1;
  } else {
    failed += 1;
    console.error('FAILED', what);
  }
}

async function refusal_of(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return {};
}

const standin = spawn(program, ['--port', '0', '--print-port', '--account-sid', account, '--auth-token', token], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [first_line] = await once(standin.stdout, 'data');
const base_url = `http://127.0.0.1:${String(first_line).trim()}`;

// Answers the call with TwiML that ends it, and keeps what it was told.
const told = [];
const webhook = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const url = `http://127.0.0.1:${webhook.address().port}${request.url}`;
    const params = Object.fromEntries(new URLSearchParams(body));
    told.push({ path: request.url, params, signed: twilio.validateRequest(token, request.headers['x-twilio-signature'], url, params) });
    response.setHeader('Content-Type', 'text/xml');
    const answer = new twilio.twiml.VoiceResponse();
    answer.hangup();
    response.end(answer.toString());
  });
}).listen(0, '127.0.0.1');
await once(webhook, 'listening');
const site = `http://127.0.0.1:${webhook.address().port}`;

const client = (password) => {
  const made = twilio(account, password);
  made.api.baseUrl = base_url;
  return made;
};
const order = {
  to: '+14155550199', from: '+14155550100', url: `${site}/voice`, statusCallback: `${site}/status`,
  statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'], timeout: 30,
};

try {
  const call = await client(token).calls.create(order);
  check(/^CA[0-9a-f]{32}$/.test(call.sid), 'a call has a sid');
  check(call.status === 'queued' && call.direction === 'outbound-api', 'it is queued, outbound');
  check(call.to === order.to && call.from === order.from && call.accountSid === account, 'between the numbers ordered');

  let fetched = call;
  for (const end = Date.now() + 10_000; fetched.status !== 'completed' && Date.now() < end; ) {
    fetched = await client(token).calls(call.sid).fetch();
  }
  check(fetched.status === 'completed', 'it is made and ends');
  const statuses = () => new Set(told.filter(({ path }) => path === '/status').map(({ params }) => params.CallStatus));
  for (const end = Date.now() + 5_000; statuses().size < 4 && Date.now() < end; ) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  check(['initiated', 'ringing', 'in-progress', 'completed'].every((status) => statuses().has(status)), 'every event is reported');
  check(told.some(({ path, params }) => path === '/voice' && params.CallStatus === 'in-progress'), 'the TwiML is asked when it is answered');
  check(told.every(({ signed }) => signed), 'and the library believes every signature');

  const wrong = [
    [{ to: '4155550199' }, 21211], [{ from: 'me' }, 21212], [{ url: 'voice' }, 21205], [{ timeout: 601 }, 21208],
    [{ machineDetection: 'Maybe' }, 21234],
  ];
  for (const [fault, code] of wrong) {
    const error = await refusal_of(client(token).calls.create({ ...order, ...fault }));
    check(error.status === 400 && error.code === code, { fault, error });
  }
  const stranger = await refusal_of(client('f'.repeat(32)).calls.create(order));
  check(stranger.status === 401 && stranger.code === 20003, 'a wrong token is refused');
  const unknown = await refusal_of(client(token).calls(`CA${'0'.repeat(32)}`).fetch());
  check(unknown.status === 404 && unknown.code === 20404, 'an unknown call is not found');
} finally {
  standin.kill();
  webhook.close();
}

console.log(`node: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
