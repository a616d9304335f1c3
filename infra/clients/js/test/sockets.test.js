// The client over WebSockets that are made up: order, holes, rotation, goodbyes, falling back to the poll.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LiveFeed } from '../live.js';

const EPOCH = '0123abcd';
const FAR = '2126-11-30T08:00:00.000Z';

const change = (seq) => ({ type: 'change', seq, topic: 'scan', id: null, at: '2026-11-30T08:00:00.000Z' });
const changes = (after, upTo) => Array.from({ length: upTo - after }, (_, at) => change(after + 1 + at));

const feed = (after, upTo, frames = changes(after, upTo)) => ({ type: 'feed', epoch: EPOCH, after, upTo, frames });

const hello = (after, upTo = after, more = {}) => ({
  ...feed(after, upTo),
  type: 'hello',
  head: upTo,
  session: null,
  reconnectBy: FAR,
  pingEvery: 240,
  ...more,
});

/** A client over the servers of `scripts`: each is called with its socket when that one is open. */
function client(scripts, options = {}) {
  const seen = { told: [], refetched: [], progress: [], ended: null, tickets: 0, polls: 0, sockets: [] };
  class FakeSocket {
    constructor(url, protocols) {
      assert.deepEqual([url, protocols], ['wss://live.example/live', ['vara.v1', `ticket.t${seen.tickets}`]]);
      this.said = [];
      this.isClosed = false;
      const script = scripts[seen.sockets.push(this) - 1];
      setTimeout(() => {
        if (!script) return this.onerror?.();
        this.onopen?.();
        return script(this);
      }, 0);
    }

    send(text) {
      const message = JSON.parse(text);
      this.said.push(message);
      setTimeout(() => this.answer?.(message), 0);
    }

    tell(message) {
      this.onmessage?.({ data: JSON.stringify(message) });
    }

    close() {
      this.isClosed = true;
    }
  }
  const live = new LiveFeed({
    baseUrl: 'https://api.example.net',
    token: () => 'token',
    WebSocket: FakeSocket,
    fetch: async (url, { method }) => {
      if (method === 'GET') {
        seen.polls += 1;
        if (seen.polls > 3) void live.stop();
        return new Response(JSON.stringify({ data: [], meta: { epoch: EPOCH, head: 4, gap: false } }));
      }
      assert.equal(url, 'https://api.example.net/api/v1/realtime/tickets');
      seen.tickets += 1;
      const data = { ticket: `t${seen.tickets}`, url: 'wss://live.example/live', protocol: 'vara.v1', expiresAt: FAR };
      return new Response(JSON.stringify({ data }), { status: 201 });
    },
    random: () => 0,
    holeMs: 20,
    onRefetch: (reason) => seen.refetched.push(reason),
    onChange: ({ seq }) => seen.told.push(seq),
    onProgress: ({ done }) => seen.progress.push(done),
    onEnd: (reason) => {
      seen.ended = reason;
    },
    ...options,
  });
  return { live, seen };
}

const bye = (reason, retryMs = null) => ({ type: 'bye', reason, retryMs });

test('it resumes at the start, takes what comes, and ends when it is told to', async () => {
  const { live, seen } = client([
    (socket) => {
      socket.tell(hello(4));
      socket.tell(feed(4, 6));
      socket.tell({ type: 'progress', topic: 'scan', id: 'x', done: 40, of: 100 });
      socket.tell(feed(4, 6));
      socket.tell(feed(6, 8, [change(8)]));
      socket.tell(bye('SIGNED_OUT'));
    },
  ]);
  await live.start();
  assert.deepEqual([seen.refetched, seen.told, seen.progress], [['START'], [5, 6, 8], [40]]);
  assert.deepEqual([seen.ended, live.place], ['SIGNED_OUT', { epoch: EPOCH, seq: 8 }]);
  assert.deepEqual(seen.sockets[0].said, [{ action: 'resume', epoch: null, seq: null }]);
  assert.equal(seen.sockets[0].isClosed, true);
});

test('what comes out of order is put in order, and a hole is asked for', async () => {
  const { live, seen } = client(
    [
      (socket) => {
        socket.answer = (message) => {
          if (message.seq !== 6) return;
          socket.tell(hello(6, 8));
          socket.tell(bye('PANIC'));
        };
        socket.tell(hello(4));
        socket.tell(feed(5, 6));
        socket.tell(feed(4, 5));
        socket.tell(feed(7, 8));
      },
    ],
    { place: { epoch: EPOCH, seq: 4 } },
  );
  await live.start();
  assert.deepEqual([seen.refetched, seen.told, seen.ended], [[], [5, 6, 7, 8], 'PANIC']);
});

test('it goes on behind what it saw when a socket breaks, and reads all after a gap', async () => {
  const gap = { type: 'gap', from: 6, head: 9 };
  const { live, seen } = client(
    [
      (socket) => {
        socket.tell(hello(4, 6));
        socket.onclose();
      },
      (socket) => {
        socket.tell({ ...hello(6, 9), frames: [gap] });
        socket.tell(feed(9, 10));
        socket.tell(bye('REPLACED'));
      },
    ],
    { place: { epoch: EPOCH, seq: 4 } },
  );
  await live.start();
  assert.deepEqual([seen.refetched, seen.told, seen.ended], [['GAP'], [5, 6, 10], 'REPLACED']);
  assert.deepEqual(seen.sockets[1].said, [{ action: 'resume', epoch: EPOCH, seq: 6 }]);
});

test('it asks for more until it has all, also when a ping shows that something is missing', async () => {
  const { live, seen } = client(
    [
      (socket) => {
        socket.answer = ({ action, seq }) => {
          if (action === 'ping') return socket.tell({ type: 'pong', epoch: EPOCH, head: 7 });
          if (seq === 4) return socket.tell(hello(4, 5, { pingEvery: 0.01, head: 6 }));
          if (seq === 5) return socket.tell(hello(5, 6));
          socket.tell(hello(6, 7));
          return socket.tell(bye('SIGNED_OUT'));
        };
      },
    ],
    { place: { epoch: EPOCH, seq: 4 } },
  );
  await live.start();
  assert.deepEqual([seen.told, seen.ended], [[5, 6, 7], 'SIGNED_OUT']);
});

test('the next socket is open before the one before ends', async () => {
  const soon = new Date(Date.now() + 30).toISOString();
  const { live, seen } = client(
    [
      (socket) => socket.tell(hello(4, 5, { reconnectBy: soon })),
      (socket) => {
        assert.equal(seen.sockets[0].isClosed, false);
        seen.sockets[0].tell(feed(5, 6));
        socket.tell(hello(5, 7));
        setTimeout(() => socket.tell(bye('SIGNED_OUT')), 20);
      },
    ],
    { place: { epoch: EPOCH, seq: 4 } },
  );
  await live.start();
  assert.deepEqual([seen.told, seen.tickets, seen.sockets[0].isClosed], [[5, 6, 7], 2, true]);
});

test('sockets that do not open have it poll for a while', async () => {
  const { live, seen } = client([], { place: { epoch: EPOCH, seq: 4 }, pauseMs: 1 });
  await live.start();
  assert.deepEqual([seen.sockets.length, seen.polls, seen.ended], [2, 4, null]);
});

test('without WebSockets it polls', async () => {
  const { live, seen } = client([], { WebSocket: null, pauseMs: 1 });
  await live.start();
  assert.deepEqual([seen.tickets, seen.polls, seen.refetched], [0, 4, ['START']]);
});

test('stopping ends it wherever it is', async () => {
  const { live, seen } = client([
    (socket) => {
      socket.tell(hello(4));
      void live.stop();
      socket.tell(feed(4, 5));
    },
  ]);
  await live.start();
  assert.deepEqual([seen.told, seen.ended, seen.sockets[0].isClosed], [[], null, true]);
});

test('stopping it while it is told something leaves no timer behind', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((it) => it === 'Timeout').length;
  const before = timers();
  const { live, seen } = client([(socket) => socket.tell(hello(4, 6))], {
    place: { epoch: EPOCH, seq: 4 },
    onChange: ({ seq }) => {
      seen.told.push(seq);
      void live.stop();
    },
  });
  await live.start();
  assert.deepEqual([seen.told, timers()], [[5], before]);
});
