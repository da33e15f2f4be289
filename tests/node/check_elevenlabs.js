// Lets the official ElevenLabs library talk to our stand-in: what it accepts there, it would accept from the live service.
// usage: [BUILD_DIR=build/dev] node check_elevenlabs.js     (needs the program elevenlabs-standin there)
// Exit status 1 on any difference; the last line is "node: N passed, M failed".

import { ElevenLabsClient, ElevenLabsError } from '@elevenlabs/elevenlabs-js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const default_build_dir = new URL('../../build/dev', import.meta.url).pathname;
const program = join(process.env.BUILD_DIR ?? default_build_dir, 'elevenlabs-standin');
const key = 'sk_0123456789abcdef0123456789';
const rachel = '21m00Tcm4TlvDq8ikWAM';
const george = 'JBFqnCBsd6RMkjVDRZzb';
const text = 'These words are asked for by the official library.';

let passed = 0;
let failed = 0;
function check(holds, what, detail = '') {
  if (holds) {
    passed += 1;
    return;
  }
  failed += 1;
  console.error('FAILED', what, detail);
}

async function start_standin() {
  const child = spawn(program, ['--port', '0', '--print-port', '--key', key, '--first-byte-ms', '20'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
  const [port] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(([status]) => { throw new Error(`the stand-in ended with status ${status}`); }),
  ]);
  return { child, url: `http://127.0.0.1:${port}` };
}

const client_of = (url, apiKey = key) => new ElevenLabsClient({ apiKey, baseUrl: url, maxRetries: 0, timeoutInSeconds: 20 });

async function bytes_of(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

// The status and the code in the body of the error that `request` should end with.
async function error_of(request) {
  try {
    await request();
    return 'no error';
  } catch (error) {
    if (!(error instanceof ElevenLabsError)) return `${error}`;
    return `${error.statusCode} ${error.body?.detail?.code}`;
  }
}

const speak = (client, voice, options = {}) =>
  client.textToSpeech.stream(voice, { text, modelId: 'eleven_flash_v2_5', outputFormat: 'ulaw_8000', ...options });

async function check_speech(client) {
  const audio = await bytes_of(await speak(client, rachel));
  check(audio.length > 8000, 'more than a second of mu-law', audio.length);
  check(new Set(audio).size > 50, 'that is not silence');
  check(audio.equals(await bytes_of(await speak(client, rachel))), 'the same bytes for the same text');
  check(!audio.equals(await bytes_of(await speak(client, george))), 'another voice sounds different');
  const fast = await bytes_of(await speak(client, rachel, { voiceSettings: { speed: 1.2 } }));
  check(fast.length < 0.95 * audio.length, 'voiceSettings.speed is followed', [fast.length, audio.length]);
  const whole = await bytes_of(
    await client.textToSpeech.convert(rachel, { text, modelId: 'eleven_flash_v2_5', outputFormat: 'ulaw_8000' }),
  );
  check(whole.equals(audio), 'convert() gives what stream() gives');
  const linear = await bytes_of(await speak(client, rachel, { outputFormat: 'pcm_8000' }));
  check(linear.length === 2 * audio.length, 'pcm_8000 has two bytes a sample', [linear.length, audio.length]);
}

async function check_account(client) {
  const { voices } = await client.voices.getAll();
  check(voices.some((voice) => voice.voiceId === rachel && voice.name === 'Rachel'), 'the list of voices has Rachel', voices);
  const page = await client.voices.search({ pageSize: 5 });
  check(page.voices.length === 5 && page.hasMore === true, 'voices come in pages', page);
  const next = await client.voices.search({ pageSize: 5, nextPageToken: page.nextPageToken });
  check(next.voices[0].voiceId !== page.voices[0].voiceId, 'and the next page is another one');
  check((await client.voices.get(george)).name === 'George', 'one voice can be asked for');
  const models = await client.models.list();
  check(models.some((model) => model.modelId === 'eleven_flash_v2_5' && model.canDoTextToSpeech), 'the models have ours', models);
  const subscription = await client.user.subscription.get();
  check(subscription.characterLimit > subscription.characterCount, 'the subscription has characters left', subscription);
  check((await client.user.get()).subscription.tier === subscription.tier, 'the user has that subscription');
}

async function check_errors(url) {
  const client = client_of(url);
  const expect = async (expected, what, request) => {
    const found = await error_of(request);
    check(found === expected, what, found);
  };
  await expect('404 voice_not_found', 'an unknown voice', () => speak(client, 'NoSuchVoice000000000'));
  await expect('404 voice_not_found', 'an unknown voice, asked for', () => client.voices.get('NoSuchVoice000000000'));
  await expect('400 invalid_api_key', 'a wrong key', () => speak(client_of(url, 'sk_ffffffffffffffffffffffffff'), rachel));
  await expect('401 unauthorized', 'a key that is none', () => speak(client_of(url, 'hello'), rachel));
  await expect('404 model_not_found', 'an unknown model', () => speak(client, rachel, { modelId: 'eleven_nothing' }));
  await expect('400 empty_text', 'an empty text', () => speak(client, rachel, { text: ' ' }));
  await expect('403 subscription_required', 'a format above the plan', () => speak(client, rachel, { outputFormat: 'mp3_44100_192' }));
  await expect('400 invalid_voice_settings', 'a speed of 9', () => speak(client, rachel, { voiceSettings: { speed: 9 } }));
}

async function check_faults(client, url) {
  const arm = (fault, fields = {}) =>
    fetch(`${url}/standin/faults`, { method: 'POST', body: JSON.stringify({ fault, times: 1, ...fields }) });
  await arm('429_new');
  check((await error_of(() => speak(client, rachel))) === '429 concurrent_limit_exceeded', 'a plan in use to its limit');
  await arm('500');
  check((await error_of(() => speak(client, rachel))) === '500 internal_error', 'an error of the service');
  await arm('truncate_body', { after_bytes: 3000 });
  const broken = await bytes_of(await speak(client, rachel)).then(() => false, () => true);
  check(broken, 'a body that breaks off is an error, not an end');
  check((await bytes_of(await speak(client, rachel))).length > 8000, 'and then all is well again');
}

const { child, url } = await start_standin();
try {
  const client = client_of(url);
  await check_speech(client);
  await check_account(client);
  await check_errors(url);
  await check_faults(client, url);
} catch (error) {
  check(false, 'runs to its end', error);
} finally {
  child.kill();
}
console.log(`node: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
