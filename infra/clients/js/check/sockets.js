// Follows the feed of a running system over WebSockets that break while preferences change, and compares what was told
// with what was changed. `VARA_GATEWAY` is the origin of the API, `VARA_TOKEN` an access token. Run by the system tests.

import assert from 'node:assert/strict';

import { LiveFeed } from '../live.js';
import { baseUrl, change, token } from './change.js';

const CHANGES = 25;
const BREAKS = 8;

/** WebSockets of which the first few are closed soon after they said something. */
function breaking(breaks) {
  let left = breaks;
  return class extends WebSocket {
    constructor(url, protocols) {
      super(url, protocols);
      if (left > 0) {
        left -= 1;
        this.addEventListener('message', () => setTimeout(() => this.close(), 60), { once: true });
      }
    }
  };
}

/** Follows until all changes were told. */
async function device(isReady, breaks) {
  const told = [];
  const refetched = [];
  let polls = 0;
  const feed = new LiveFeed({
    baseUrl,
    token: () => token,
    random: () => 0.01,
    WebSocket: breaking(breaks),
    fetch: (url, init) => {
      if (init.method === 'GET') polls += 1;
      return fetch(url, init);
    },
    onRefetch: (reason) => {
      refetched.push(reason);
      isReady();
    },
    onChange: (frame) => {
      told.push(frame);
      if (told.filter((it) => it.topic === 'preferences').length >= CHANGES) void feed.stop();
    },
  });
  await feed.start();
  return { told, refetched, polls };
}

const waits = [];
const devices = [0, BREAKS].map((breaks) => {
  let isReady;
  waits.push(new Promise((resolve) => (isReady = resolve)));
  return device(isReady, breaks);
});
await Promise.all(waits);
for (let at = 1; at <= CHANGES; at += 1) {
  await change(at);
  await new Promise((resolve) => setTimeout(resolve, 30));
}
const ended = await Promise.all(devices);
for (const { told, refetched, polls } of ended) {
  assert.deepEqual([refetched, polls], [['START'], 0], 'read once, and followed by sockets alone');
  const first = told[0].seq;
  assert.deepEqual(told.map((it) => it.seq), told.map((_, at) => first + at), 'in order, without a hole, each once');
}
assert.deepEqual(ended[0].told, ended[1].told, 'both devices are told the same');
