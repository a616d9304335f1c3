// Follows the live feed of Vara (`/api/v1/realtime`) by long poll: tells each change once and in order, and when to read
// everything again. No dependencies; browsers and Node from 20 on.

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

/** Follows the live feed of one user. */
export class LiveFeed {
  #options;
  #place;
  #stopping = null;

  constructor(options) {
    this.#options = {
      wait: 20,
      pauseMs: 200,
      fetch: globalThis.fetch.bind(globalThis),
      random: Math.random,
      sleep,
      isOffline: () => globalThis.navigator?.onLine === false,
      onRefetch: () => {},
      onChange: () => {},
      onEnd: () => {},
      ...options,
    };
    this.#place = options.place ?? null;
  }

  /** The last frame that was told; to go on from later. */
  get place() {
    return this.#place && { ...this.#place };
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
    await stopping?.done;
  }

  #begin() {
    const controller = new AbortController();
    const done = this.#follow(controller.signal).finally(() => {
      this.#stopping = null;
    });
    return { controller, done };
  }

  async #follow(signal) {
    const { pauseMs, sleep, onEnd } = this.#options;
    let failures = 0;
    let isRenewed = false;
    while (!signal.aborted) {
      const answer = await this.#ask(signal, isRenewed);
      if (signal.aborted) return;
      if (answer.status === 200) {
        [failures, isRenewed] = [0, false];
        this.#take(answer.page, signal);
        await sleep(pauseMs, signal);
      } else if (answer.status === 401 && !isRenewed) {
        isRenewed = true;
      } else if ([400, 401, 403].includes(answer.status)) {
        return onEnd(answer.status === 401 ? 'SIGNED_OUT' : 'REFUSED');
      } else {
        await this.#pause(failures, answer.retryAfterMs, signal);
        failures += 1;
      }
    }
  }

  /** One call; a status of 0 if there was no answer. */
  async #ask(signal, isRenewed) {
    const { baseUrl, token, wait, fetch } = this.#options;
    const query = this.#place ? `?epoch=${this.#place.epoch}&seq=${this.#place.seq}&wait=${wait}` : '';
    const limit = AbortSignal.timeout(wait * 1000 + PATIENCE_MS);
    try {
      const reply = await fetch(`${baseUrl}/api/v1/realtime/poll${query}`, {
        headers: { authorization: `Bearer ${await token({ isRefused: isRenewed })}` },
        cache: 'no-store',
        signal: AbortSignal.any([signal, limit]),
      });
      const retryAfterMs = Number(reply.headers.get('retry-after') ?? 0) * 1000;
      const page = reply.status === 200 ? readPage(await reply.json()) : null;
      return { status: reply.status, retryAfterMs, page };
    } catch {
      return { status: 0, retryAfterMs: 0, page: null };
    }
  }

  #take({ frames, epoch, head, gap }, signal) {
    const { onRefetch, onChange } = this.#options;
    if (this.#place === null || gap) {
      const reason = this.#place === null ? 'START' : 'GAP';
      this.#place = { epoch, seq: head };
      return onRefetch(reason);
    }
    for (const frame of frames) {
      // Frames may be told twice; one that is out of order is told again by the next call.
      if (signal.aborted || frame.seq > this.#place.seq + 1) return;
      if (frame.seq <= this.#place.seq) continue;
      this.#place = { epoch, seq: frame.seq };
      onChange(frame);
    }
    // A feed that had no frame has got its epoch.
    this.#place = { epoch, seq: this.#place.seq };
  }

  async #pause(failures, atLeastMs, signal) {
    const { random, sleep, isOffline } = this.#options;
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures, 10), LONGEST_PAUSE_MS);
    await sleep(Math.max(random() * longest, atLeastMs), signal);
    if (isOffline()) await untilOnline(signal);
  }
}

/** A page as it is answered; throws if it is none. */
function readPage({ data, meta }) {
  const isPage = Array.isArray(data) && typeof meta.epoch === 'string' && Number.isInteger(meta.head);
  if (!isPage) throw new TypeError('the answer is no page of frames');
  return { frames: data, epoch: meta.epoch, head: meta.head, gap: meta.gap === true };
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
