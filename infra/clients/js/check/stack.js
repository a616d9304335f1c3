// Follows the feed of a running system while connections break and preferences change, and compares what was told with
// what was changed. `VARA_GATEWAY` is the origin of the API, `VARA_TOKEN` an access token. Run by the system tests.

import assert from 'node:assert/strict';

import { LiveFeed } from '../live.js';
import { baseUrl, change, token } from './change.js';

const CHANGES = 25;

/** A network that breaks every third call: before it is answered, or when the answer is on its way. */
function brokenNetwork() {
  let calls = 0;
  return async (url, init) => {
    calls += 1;
    if (calls % 6 === 3) throw new TypeError('the network is broken');
    const reply = await fetch(url, init);
    if (calls % 6 === 0) {
      await reply.arrayBuffer();
      throw new TypeError('the answer is lost');
    }
    return reply;
  };
}

/** Follows until `isEnough`; what was told. */
async function device(isReady, isEnough) {
  const told = [];
  let refetched = 0;
  const feed = new LiveFeed({
    baseUrl,
    token: () => token,
    wait: 2,
    pauseMs: 5,
    random: () => 0.01,
    fetch: brokenNetwork(),
    onRefetch: () => {
      refetched += 1;
      isReady();
    },
    onChange: (frame) => {
      told.push(frame);
      if (isEnough(told)) void feed.stop();
    },
  });
  await feed.start();
  return { told, refetched };
}

const hasAll = (told) => told.filter((it) => it.topic === 'preferences').length >= CHANGES;

const ready = [resolvers(), resolvers()];
const devices = ready.map((it) => device(it.resolve, hasAll));
await Promise.all(ready.map((it) => it.promise));
for (let at = 1; at <= CHANGES; at += 1) await change(at);

const ended = await Promise.all(devices);
for (const { told, refetched } of ended) {
  assert.equal(refetched, 1, 'read once, at the start');
  const first = told[0].seq;
  assert.deepEqual(told.map((it) => it.seq), told.map((_, at) => first + at), 'in order, without a hole, each once');
  assert.equal(told.filter((it) => it.topic === 'preferences').length, CHANGES);
}
assert.deepEqual(ended[0].told, ended[1].told, 'both devices are told the same');

function resolvers() {
  let resolve;
  const promise = new Promise((it) => {
    resolve = it;
  });
  return { promise, resolve };
}
