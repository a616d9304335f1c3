// The client over answers that are made up: order, repeats, gaps, failures, sign-out.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { LiveFeed, TOPICS } from '../live.js';

const EPOCH = '0123abcd';

const change = (seq) => ({ type: 'change', seq, topic: 'scan', id: null, at: '2026-11-30T08:00:00.000Z' });

const page = (frames, head, { epoch = EPOCH, gap = false } = {}) => ({
  status: 200,
  body: { data: frames, meta: { epoch, head, gap } },
});

/** Follows these answers to their end; what was asked, told and waited for. */
async function follow(answers, options = {}) {
  const seen = { asked: [], tokens: [], told: [], refetched: [], pauses: [], ended: null };
  const left = [...answers];
  const feed = new LiveFeed({
    baseUrl: 'https://api.example.net',
    token: ({ isRefused }) => {
      seen.tokens.push(isRefused);
      return 'token';
    },
    fetch: async (url, { headers }) => {
      assert.equal(headers.authorization, 'Bearer token');
      seen.asked.push(new URL(url).search);
      const answer = left.shift();
      if (left.length === 0) void feed.stop();
      if (answer === undefined || answer.status === 0) throw new TypeError('fetch failed');
      return new Response(JSON.stringify(answer.body ?? {}), answer);
    },
    random: () => 0.5,
    sleep: async (ms) => void seen.pauses.push(ms),
    onRefetch: (reason) => seen.refetched.push(reason),
    onChange: (frame) => seen.told.push(frame.seq),
    onEnd: (reason) => {
      seen.ended = reason;
    },
    ...options,
  });
  await feed.start();
  return { ...seen, place: feed.place };
}

const LAST = { status: 503 };

test('it begins where the feed is, reads everything, and goes on behind each answer', async () => {
  const seen = await follow([page([], 4), page([change(5), change(6)], 6), page([], 6), LAST]);
  assert.deepEqual(seen.asked, [
    '',
    `?epoch=${EPOCH}&seq=4&wait=20`,
    `?epoch=${EPOCH}&seq=6&wait=20`,
    `?epoch=${EPOCH}&seq=6&wait=20`,
  ]);
  assert.deepEqual([seen.refetched, seen.told], [['START'], [5, 6]]);
});

test('what was told before is not told again, and a hole is asked for again', async () => {
  const place = { epoch: EPOCH, seq: 4 };
  const answers = [page([change(4), change(5), change(7)], 7), page([change(6), change(7)], 7), LAST];
  const seen = await follow(answers, { place });
  assert.deepEqual([seen.refetched, seen.told], [[], [5, 6, 7]]);
  assert.equal(seen.asked[1], `?epoch=${EPOCH}&seq=5&wait=20`);
  assert.deepEqual(seen.place, { epoch: EPOCH, seq: 7 });
});

test('a gap and another epoch have everything read again', async () => {
  const gap = { type: 'gap', from: 4, head: 9 };
  const answers = [page([gap], 9, { epoch: 'fedcba98', gap: true }), page([change(10)], 10, { epoch: 'fedcba98' }), LAST];
  const seen = await follow(answers, { place: { epoch: EPOCH, seq: 4 } });
  assert.deepEqual([seen.refetched, seen.told], [['GAP'], [10]]);
  assert.equal(seen.asked[1], '?epoch=fedcba98&seq=9&wait=20');
});

test('the first frame of all is told to who began before it', async () => {
  const answers = [page([], 0, { epoch: '00000000' }), page([change(1)], 1), page([], 1), LAST];
  const seen = await follow(answers);
  assert.deepEqual([seen.refetched, seen.told], [['START'], [1]]);
  assert.equal(seen.asked[2], `?epoch=${EPOCH}&seq=1&wait=20`);
});

test('failures make it wait longer, and no answer loses its place', async () => {
  const broken = { status: 200, body: { data: 'x', meta: {} } };
  const late = { status: 429, headers: { 'retry-after': '30' } };
  const answers = [{ status: 0 }, { status: 500 }, broken, late, page([change(5)], 5), { status: 0 }, LAST];
  const seen = await follow(answers, { place: { epoch: EPOCH, seq: 4 } });
  assert.deepEqual(seen.told, [5]);
  assert.deepEqual(seen.pauses, [500, 1000, 2000, 30_000, 200, 500]);
  const long = await follow(Array(20).fill({ status: 503 }));
  assert.equal(Math.max(...long.pauses), 30_000);
});

test('a refused token is renewed once, and then it ends', async () => {
  const once = await follow([{ status: 401 }, page([], 0), LAST]);
  assert.deepEqual([once.tokens, once.ended], [[false, true, false], null]);
  const out = await follow([{ status: 401 }, { status: 401 }, page([], 0), LAST]);
  assert.deepEqual([out.asked.length, out.ended, out.refetched], [2, 'SIGNED_OUT', []]);
});

test('nothing is told after it was stopped', async () => {
  const told = [];
  const feed = new LiveFeed({
    baseUrl: '',
    token: () => '',
    place: { epoch: EPOCH, seq: 0 },
    fetch: async () => new Response(JSON.stringify(page([change(1), change(2)], 2).body)),
    onChange: (frame) => {
      told.push(frame.seq);
      void feed.stop();
    },
  });
  await feed.start();
  assert.deepEqual([told, feed.place.seq], [[1], 1]);
});

test('its topics are those of the API and of its types', () => {
  const read = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');
  const described = JSON.parse(read('../../../openapi/openapi.json'));
  assert.deepEqual(TOPICS, described.components.schemas.FeedTopic.enum);
  const typed = read('../live.d.ts').match(/type Topic =([^;]*);/)[1];
  assert.deepEqual(TOPICS, [...typed.matchAll(/'(\w+)'/g)].map((it) => it[1]));
});
