// Follows the live feed of Vara (`/api/v1/realtime`): tells each change once and in order, and when to read everything
// again. Over a WebSocket, and by long poll where there is none. No dependencies; browsers and Node from 20 on.

import { Order } from './order.js';
import { Socket } from './socket.js';

/** The kinds of things that change. */
export const TOPICS = Object.freeze([
  'alert',
  'finding',
  'image',
  'scan',
  'takedown',
  'evidence',
  'document',
  'delegate',
  'plan',
  'session',
  'preferences',
  'job',
]);

/** The longest pause after the first failure, in milliseconds; twice as long after each. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** How long a call may take beyond what it was told to wait, in milliseconds. */
const PATIENCE_MS = 10_000;

/** After how many failures to open a WebSocket it polls, and for how long, in milliseconds. */
const MAX_SOCKET_FAILURES = 2;
const POLL_FOR_MS = 60_000;

/** When a WebSocket that does not say it is replaced by another one, in milliseconds. */
const LONGEST_LIFE_MS = 6_600_000;

/** Reasons of the server after which the client does not come back by itself. */
const FOR_GOOD = ['SIGNED_OUT', 'REPLACED', 'PANIC'];

/** Follows the live feed of one user. */
export class LiveFeed {
  #options;
  #order;
  #socket = null;
  #holes = null;
  #stopping = null;

  constructor(options) {
    this.#options = {
      wait: 20,
      pauseMs: 200,
      holeMs: 2000,
      fetch: globalThis.fetch.bind(globalThis),
      WebSocket: globalThis.WebSocket ?? null,
      random: Math.random,
      now: Date.now,
      sleep,
      isOffline: () => globalThis.navigator?.onLine === false,
      onRefetch: () => {},
      onChange: () => {},
      onProgress: () => {},
      onEnd: () => {},
      ...options,
    };
    this.#order = new Order(options.place ?? null, {
      refetch: (reason) => this.#options.onRefetch(reason),
      change: (frame) => this.#options.onChange(frame),
      isOver: () => this.#stopping?.controller.signal.aborted ?? true,
    });
  }

  /** The last frame that was told; to go on from later. */
  get place() {
    const place = this.#order.place;
    return place && { ...place };
  }

  /** Begins to follow. Resolves when it has ended; does nothing but that if it follows already. */
  start() {
    this.#stopping ??= this.#begin();
    return this.#stopping.done;
  }

  /** Ends. Nothing is told after that. */
  async stop() {
    const stopping = this.#stopping;
    stopping?.controller.abort();
    this.#socket?.close();
    await stopping?.done;
  }

  /** Has all open apps of hers, this one among them, leave the screen: each ends with `PANIC`. */
  panic() {
    this.#socket?.panic();
  }

  #begin() {
    const controller = new AbortController();
    const done = this.#follow(controller.signal).finally(() => {
      clearTimeout(this.#holes);
      this.#stopping = null;
    });
    return { controller, done };
  }

  async #follow(signal) {
    const { WebSocket, sleep, now, onEnd } = this.#options;
    const state = { failures: 0, isRenewed: false, unopened: 0, pollUntil: 0 };
    while (!signal.aborted) {
      const polls = WebSocket === null || now() < state.pollUntil;
      const how = polls ? await this.#poll(signal, state) : await this.#connect(signal, state);
      if (signal.aborted) return undefined;
      if (how.end) return onEnd(how.end);
      if (how.isFailed) {
        await this.#pause(state.failures, how.retryMs ?? 0, signal);
        state.failures += 1;
      } else {
        state.failures = 0;
        await sleep(how.retryMs ?? 0, signal);
      }
    }
    return undefined;
  }

  /** Follows by WebSockets, one after the other, until one breaks. */
  async #connect(signal, state) {
    const opened = await this.#open(signal, state);
    if (!opened.socket) return opened;
    let socket = opened.socket;
    state.unopened = 0;
    for (;;) {
      this.#socket = socket;
      const { reconnectBy } = await socket.greeted;
      const rest = new AbortController();
      const left = Date.parse(reconnectBy) - this.#options.now();
      const life = Number.isFinite(left) ? Math.min(Math.max(left, 1), LONGEST_LIFE_MS) : LONGEST_LIFE_MS;
      const due = this.#options.sleep(life, AbortSignal.any([signal, rest.signal])).then(() => null);
      const how = await Promise.race([socket.ended, due]);
      rest.abort();
      if (how) return this.#closed(how);
      if (signal.aborted) return {};
      // The next one is open before this one ends, so that nothing comes late.
      const next = await this.#open(signal, state);
      socket.close();
      if (!next.socket) return next;
      socket = next.socket;
    }
  }

  #closed({ bye, retryMs }) {
    this.#socket = null;
    if (FOR_GOOD.includes(bye)) return { end: bye };
    return { isFailed: bye === undefined || retryMs > 0, retryMs };
  }

  /** A WebSocket that has answered; or what came of trying. */
  async #open(signal, state) {
    const { WebSocket, now } = this.#options;
    const answer = await this.#ask('POST', '/tickets', PATIENCE_MS, signal, state.isRenewed);
    const refused = this.#refusal(answer, state);
    if (refused) return refused;
    const ticket = answer.status === 201 ? answer.body?.data : null;
    let socket = null;
    if (typeof ticket?.url === 'string' && !signal.aborted) {
      try {
        socket = new Socket({
          WebSocket,
          ticket,
          place: () => this.#order.place,
          onMessage: (message) => this.#take(message, socket),
          onHead: (head) => this.#order.hasAll(head) || this.#hole(socket),
        });
      } catch {
        socket = null;
      }
    }
    if (socket) {
      signal.addEventListener('abort', () => socket.close(), { once: true });
      if (await socket.greeted) return { socket };
      const { bye, retryMs } = await socket.ended;
      if (bye) return this.#closed({ bye, retryMs });
    }
    state.unopened += 1;
    if (state.unopened >= MAX_SOCKET_FAILURES) state.pollUntil = now() + POLL_FOR_MS;
    return { isFailed: true, retryMs: answer.retryAfterMs };
  }

  #take(message, socket) {
    switch (message?.type) {
      case 'hello':
      case 'feed': {
        const isWhole = this.#order.take(message);
        const hasMore = message.type === 'hello' && message.head > message.upTo;
        if (hasMore) return socket.resume(this.#order.place);
        if (!isWhole) return this.#hole(socket);
        return clearTimeout(this.#holes);
      }
      case 'progress':
        return this.#options.onProgress(message);
      case 'error':
        return message.code === 'UNAVAILABLE' ? this.#hole(socket) : undefined;
      default:
        return undefined;
    }
  }

  /** Asks for what is missing, unless it comes by itself. */
  #hole(socket) {
    clearTimeout(this.#holes);
    this.#holes = setTimeout(() => socket.resume(this.#order.place), this.#options.holeMs);
  }

  /** One long poll. */
  async #poll(signal, state) {
    const { wait, pauseMs } = this.#options;
    const place = this.#order.place;
    const query = place ? `?epoch=${place.epoch}&seq=${place.seq}&wait=${wait}` : '';
    const limit = wait * 1000 + PATIENCE_MS;
    const answer = await this.#ask('GET', `/poll${query}`, limit, signal, state.isRenewed);
    const refused = this.#refusal(answer, state);
    if (refused || signal.aborted) return refused ?? {};
    const page = answer.status === 200 ? readPage(answer.body, place) : null;
    if (page === null) return { isFailed: true, retryMs: answer.retryAfterMs };
    this.#order.take(page);
    return { retryMs: pauseMs };
  }

  /** What follows from a refused token: it is asked for once more, and then it ends. */
  #refusal({ status }, state) {
    const wasRenewed = state.isRenewed;
    state.isRenewed = status === 401 && !wasRenewed;
    if (state.isRenewed) return { retryMs: 0 };
    if (![400, 401, 403].includes(status)) return null;
    return { end: status === 401 ? 'SIGNED_OUT' : 'REFUSED' };
  }

  /** One call; a status of 0 if there was no answer. */
  async #ask(method, path, limitMs, signal, isRenewed) {
    const { baseUrl, token, fetch } = this.#options;
    try {
      const reply = await fetch(`${baseUrl}/api/v1/realtime${path}`, {
        method,
        headers: { authorization: `Bearer ${await token({ isRefused: isRenewed })}` },
        cache: 'no-store',
        signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
      });
      const retryAfterMs = Number(reply.headers.get('retry-after') ?? 0) * 1000;
      return { status: reply.status, retryAfterMs, body: reply.ok ? await reply.json() : null };
    } catch {
      return { status: 0, retryAfterMs: 0, body: null };
    }
  }

  async #pause(failures, atLeastMs, signal) {
    const { random, sleep, isOffline } = this.#options;
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures, 10), LONGEST_PAUSE_MS);
    await sleep(Math.max(random() * longest, atLeastMs), signal);
    if (isOffline()) await untilOnline(signal);
  }
}

/** A page as a batch of frames behind `place`; nothing if it is no page. */
function readPage(body, place) {
  const { data, meta } = body ?? {};
  const isPage = Array.isArray(data) && typeof meta?.epoch === 'string' && Number.isInteger(meta.head);
  if (!isPage) return null;
  const after = place?.seq ?? meta.head;
  // Up to the first hole: what lies behind it is told again by the next call.
  const frames = [];
  let upTo = meta.gap === true || place === null ? meta.head : after;
  for (const frame of data) {
    if (frame.type === 'change' && frame.seq > upTo + 1) break;
    if (frame.type === 'change') upTo = Math.max(upTo, frame.seq);
    frames.push(frame);
  }
  return { epoch: meta.epoch, after, upTo, frames };
}

function sleep(ms, signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}

function untilOnline(signal) {
  return new Promise((resolve) => {
    const end = () => {
      globalThis.removeEventListener('online', end);
      signal.removeEventListener('abort', end);
      resolve();
    };
    globalThis.addEventListener('online', end);
    signal.addEventListener('abort', end);
  });
}
