// Our WebSockets, as server and as client, in conversation with the npm package ws.
// usage: [BUILD_DIR=build/dev] node check_websocket.js     (needs the program websocket_echo there)
// Exit status 1 on any difference; the last line is "node: N passed, M failed".

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket, WebSocketServer } from 'ws';

const default_build_dir = new URL('../../build/dev', import.meta.url).pathname;
const echo = join(process.env.BUILD_DIR ?? default_build_dir, 'websocket_echo');
const patience_ms = 20_000;

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

function in_time(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing came`)), patience_ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Sizes at which a frame's length takes another form, and some that no socket buffer takes at once.
const sizes = [0, 1, 125, 126, 127, 382, 65_535, 65_536, 65_537, 1_000_000];
const texts = ['Hello', 'κόσμε', '\u{10FFFF}\uFFFF', '"\\\u0000\u007F', ...sizes.map((size) => 'x'.repeat(size))];
const binaries = sizes.map((size) => Buffer.alloc(size, 0xfe));
const pieces = ['κό', 'σ', '', 'με'];

async function echoed(socket, data, options, what) {
  socket.send(data, options);
  const [message, is_binary] = await in_time(once(socket, 'message'), what);
  const sent = Buffer.from(data);
  check(is_binary === (options.binary ?? typeof data !== 'string') && message.equals(sent), what);
}

async function converse(socket, who) {
  for (const text of texts) await echoed(socket, text, {}, `${who}: text of ${text.length}`);
  for (const bytes of binaries) await echoed(socket, bytes, {}, `${who}: binary of ${bytes.length}`);

  pieces.forEach((piece, i) => {
    const last = i === pieces.length - 1;
    socket.send(piece, { fin: last });
    if (!last) socket.ping(`between ${i}`);
  });
  const pongs = [];
  socket.on('pong', (payload) => pongs.push(payload.toString()));
  const [joined] = await in_time(once(socket, 'message'), `${who}: fragments`);
  check(joined.toString() === pieces.join(''), `${who}: fragments are joined`);
  check(pongs.join() === 'between 0,between 1,between 2', `${who}: pings between fragments are answered at once`);

  const longest = Buffer.alloc(125, 0xff);
  socket.ping(longest);
  const [pong] = await in_time(once(socket, 'pong'), `${who}: pong`);
  check(pong.equals(longest), `${who}: the longest ping is answered in full`);
  socket.pong('nobody asked');
  await echoed(socket, 'still here', {}, `${who}: after an unasked pong`);

  const many = Array.from({ length: 1000 }, (_, i) => String(i));
  const heard = [];
  socket.on('message', (message) => heard.push(message.toString()));
  for (const text of many) socket.send(text);
  while (heard.length < many.length) await in_time(once(socket, 'message'), `${who}: many messages`);
  check(heard.join() === many.join(), `${who}: many messages come back in order`);
}

async function closed_with(socket, what) {
  const [code, reason] = await in_time(once(socket, 'close'), what);
  return { code, reason: reason.toString() };
}

async function open(port, options = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, options);
  await in_time(once(socket, 'open'), 'open');
  return socket;
}

// What ws is told to do wrong, and the code it is sent away with.
const breaches = [
  ['text that is not UTF-8', 1007, (socket) => socket.send(Buffer.from([0xce, 0xba, 0xed, 0xa0]), { binary: false })],
  ['a frame without a mask', 1002, (socket) => socket.send('bare', { mask: false })],
  ['too large a message', 1009, (socket) => socket.send(Buffer.alloc((1 << 20) + 1))],
  [
    'too large in fragments',
    1009,
    (socket) => {
      socket.send(Buffer.alloc(1 << 19), { fin: false });
      socket.send(Buffer.alloc((1 << 19) + 1), { fin: true });
    },
  ],
];

async function our_server() {
  const server = spawn(echo, ['serve'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = await in_time(once(createInterface(server.stdout), 'line'), 'our server');
    const socket = await open(port); // ws offers permessage-deflate
    check(socket.extensions === '' && socket.protocol === '', 'our server: no extension, no subprotocol');
    await converse(socket, 'our server');
    socket.close(4321, 'enough');
    const end = await closed_with(socket, 'our server: close');
    check(end.code === 4321, `our server: echoes a close (${end.code})`);

    for (const code of [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999]) {
      const closing = await open(port);
      closing.close(code, 'r'.repeat(123));
      check((await closed_with(closing, 'close')).code === code, `our server: close code ${code}`);
    }
    const silent = await open(port);
    silent.close();
    check((await closed_with(silent, 'close')).code === 1005, 'our server: a close without a code is echoed without one');

    for (const [what, expected, commit] of breaches) {
      const breaking = await open(port);
      breaking.on('error', () => {});
      commit(breaking);
      const { code } = await closed_with(breaking, what);
      check(code === expected, `our server: ${what} closes with ${expected} (${code})`);
    }
  } finally {
    server.kill();
  }
}

async function our_client() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: true, maxPayload: 1 << 22 });
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${server.address().port}/`;
  async function visit(talk) {
    const client = spawn(echo, ['connect', url], { stdio: ['ignore', 'pipe', 'inherit'] });
    const printed = in_time(once(createInterface(client.stdout), 'line'), 'our client: its last word');
    const [socket] = await in_time(once(server, 'connection'), 'our client');
    socket.on('error', () => {});
    await talk(socket);
    return Number((await printed)[0]);
  }
  try {
    const code = await visit(async (socket) => {
      check(socket.extensions === '', 'our client: no extension');
      await converse(socket, 'our client');
      socket.close(4001, 'bye');
      check((await closed_with(socket, 'our client: close')).code === 4001, 'our client: echoes a close');
    });
    check(code === 4001, `our client: is told the close code (${code})`);
    check((await visit(async (socket) => socket.terminate())) === 1006, 'our client: a lost connection is 1006');
    const masked = await visit(async (socket) => {
      socket.send('x', { mask: true });
      check((await closed_with(socket, 'masked')).code === 1002, 'our client: a masked frame closes with 1002');
    });
    check(masked === 1002, 'our client: and it knows why');
  } finally {
    server.close();
  }
}

try {
  await our_server();
  await our_client();
} catch (error) {
  check(false, error.message);
}
console.log(`node: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
