// What many run today: Node with ws and ElevenLabs' official library, at its best.
// Settings from the environment: PORT, ELEVENLABS_BASE_URL, and, when wanted, TWILIO_AUTH_TOKEN, HOST_NAME, TLS_CERT_FILE, TLS_KEY_FILE.

import { ElevenLabsClient } from '@elevenlabs/elevenlabs-js';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import twilio from 'twilio';
import { WebSocketServer } from 'ws';

const { PORT, ELEVENLABS_BASE_URL, TWILIO_AUTH_TOKEN, HOST_NAME = 'phone.example.org', TLS_CERT_FILE, TLS_KEY_FILE } = process.env;
const prefix = '/api/v1/elevenlabs-twilio/call';
const voice = '21m00Tcm4TlvDq8ikWAM';
const elevenlabs = new ElevenLabsClient({ apiKey: 'sk_0123456789abcdef0123456789', baseUrl: ELEVENLABS_BASE_URL, maxRetries: 0 });

async function incoming(request, response) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const form = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()));
  const signature = request.headers['x-twilio-signature'] ?? '';
  if (TWILIO_AUTH_TOKEN && !twilio.validateRequest(TWILIO_AUTH_TOKEN, signature, `https://${HOST_NAME}${request.url}`, form)) {
    response.writeHead(403).end();
    return;
  }
  const twiml = `<Response><Connect><Stream url="wss://${HOST_NAME}${prefix}/connection"/></Connect></Response>`;
  response.writeHead(200, { 'Content-Type': 'text/xml', 'Content-Length': twiml.length }).end(twiml);
}

async function speak(socket, streamSid, text) {
  const audio = await elevenlabs.textToSpeech.stream(voice, { text, modelId: 'eleven_flash_v2_5', outputFormat: 'ulaw_8000' });
  for await (const chunk of audio) {
    if (socket.readyState !== socket.OPEN) return;
    const payload = Buffer.from(chunk).toString('base64');
    socket.send(JSON.stringify({ event: 'media', streamSid, media: { payload } }));
  }
  socket.send(JSON.stringify({ event: 'mark', streamSid, mark: { name: 'end' } }));
}

const tls = TLS_CERT_FILE ? { cert: readFileSync(TLS_CERT_FILE), key: readFileSync(TLS_KEY_FILE) } : undefined;
const server = tls ? createTlsServer(tls, incoming) : createServer(incoming);
const sockets = new WebSocketServer({ server, path: `${prefix}/connection`, perMessageDeflate: false });
sockets.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (bytes) => {
    const message = JSON.parse(bytes);
    if (message.event === 'start') {
      speak(socket, message.start.streamSid, `Hello, this is call ${message.start.callSid}.`).catch((error) => console.error(error.message));
    }
  });
});
server.listen(Number(PORT), '127.0.0.1', 4096);
