// One WebSocket of the live feed, protocol vara.v1: opens it with a ticket, resumes, keeps it open, says how it ended.

/** How long opening may take, and an answer, in milliseconds. */
const OPEN_MS = 10_000;
const ANSWER_MS = 10_000;

/** A connection. `onMessage` takes what the server says but for answers to `ping`, which come as `onHead`. */
export class Socket {
  #socket;
  #timers = new Set();
  #isOpen = false;
  #hasEnded = false;
  #pong = null;
  #settle;
  #greet;

  /** Resolves with how it ended: `{bye, retryMs}`, with nothing in them if nobody said why. */
  ended = new Promise((resolve) => {
    this.#settle = resolve;
  });

  /** Resolves with the first `hello`, or with nothing if it ends before. */
  greeted = new Promise((resolve) => {
    this.#greet = resolve;
  });

  constructor({ WebSocket, ticket, place, onMessage, onHead }) {
    const socket = new WebSocket(ticket.url, [ticket.protocol, `ticket.${ticket.ticket}`]);
    this.#socket = socket;
    this.#after(OPEN_MS, () => this.#isOpen || this.#end({}));
    socket.onopen = () => {
      this.#isOpen = true;
      this.resume(place());
      this.#after(ANSWER_MS, () => this.#end({}), this.greeted);
    };
    socket.onmessage = ({ data }) => this.#take(data, onMessage, onHead);
    socket.onerror = () => this.#end({});
    socket.onclose = () => this.#end({});
  }

  /** Asks for the frames behind a place; from now on, without one. */
  resume(place) {
    this.#say({ action: 'resume', epoch: place?.epoch ?? null, seq: place?.seq ?? null });
  }

  /** Has all open apps of hers leave the screen. */
  panic() {
    this.#say({ action: 'panic' });
  }

  /** Ends it. */
  close() {
    this.#end({});
  }

  #say(message) {
    if (this.#isOpen) this.#socket.send(JSON.stringify(message));
  }

  #take(data, onMessage, onHead) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return this.#end({});
    }
    if (message?.type === 'bye') return this.#end({ bye: message.reason, retryMs: message.retryMs });
    if (message?.type === 'pong') {
      this.#pong?.();
      return onHead(message);
    }
    onMessage(message);
    if (message?.type !== 'hello') return undefined;
    this.#greet(message);
    if (this.#pong === null) this.#keepOpen(message.pingEvery * 1000);
    return undefined;
  }

  #keepOpen(everyMs) {
    const ping = () => {
      const answered = new Promise((resolve) => {
        this.#pong = resolve;
      });
      this.#say({ action: 'ping' });
      this.#after(ANSWER_MS, () => this.#end({}), answered);
      this.#after(everyMs, ping);
    };
    this.#pong = () => {};
    this.#after(everyMs, ping);
  }

  #after(ms, act, unless) {
    if (this.#hasEnded) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
    void unless?.then(() => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    });
  }

  #end(how) {
    this.#hasEnded = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#isOpen = false;
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onerror = socket.onclose = null;
    // One that is still being opened is closed as well.
    socket.onerror = () => {};
    socket.close();
    this.#greet(null);
    this.#settle(how);
  }
}
