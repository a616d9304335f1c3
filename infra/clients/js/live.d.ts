/** The kind of a thing that changed. */
export type Topic =
  | 'alert'
  | 'finding'
  | 'image'
  | 'scan'
  | 'takedown'
  | 'evidence'
  | 'document'
  | 'delegate'
  | 'plan'
  | 'session'
  | 'preferences'
  | 'job';

/** The kinds of things that change. */
export const TOPICS: readonly Topic[];

/** Something changed. */
export interface Change {
  type: 'change';
  /** The number of the frame within its epoch. */
  seq: number;
  topic: Topic;
  /** The thing that changed; `null` if any of this kind may have. */
  id: string | null;
  /** The version of the thing, if it has versions. */
  v?: number;
  /** When, as RFC 3339 has it. */
  at: string;
}

/** How far something in the background has come. The latest counts; none is told again. */
export interface Progress {
  type: 'progress';
  topic: Topic;
  id: string;
  done: number;
  of: number;
}

/** A place in the feed. */
export interface Place {
  epoch: string;
  seq: number;
}

export interface LiveFeedOptions {
  /** The origin of the API, without a slash at the end. */
  baseUrl: string;
  /** The access token to use. `isRefused`: the one before was, so another is to be fetched. */
  token: (asked: { isRefused: boolean }) => string | Promise<string>;
  /** Everything is to be read again: at the start, or because changes were missed. */
  onRefetch?: (reason: 'START' | 'GAP') => void;
  /** Something changed; told once, in order. */
  onChange?: (change: Change) => void;
  /** Something in the background has come further. Not told while it polls. */
  onProgress?: (progress: Progress) => void;
  /** Following has ended for good. `PANIC`: leave the screen. `REPLACED`: she opened too many others. */
  onEnd?: (reason: 'SIGNED_OUT' | 'REFUSED' | 'REPLACED' | 'PANIC') => void;
  /** What makes a WebSocket; that of the platform, if nothing else is said. `null`: poll. */
  WebSocket?: (new (url: string, protocols: string[]) => WebSocket) | null;
  /** How long frames may be missing before they are asked for, in milliseconds. */
  holeMs?: number;
  /** Where to go on from; without it, from now on. */
  place?: Place;
  /** How many seconds a call waits for news: 0 to 20, 20 if nothing else is said. */
  wait?: number;
  /** The pause between two calls in milliseconds, in which changes gather. */
  pauseMs?: number;
  /** For tests: what calls, draws a number below 1, waits, tells the time, and says that there is no network. */
  fetch?: typeof fetch;
  random?: () => number;
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  now?: () => number;
  isOffline?: () => boolean;
}

/** Follows the live feed of one user. */
export class LiveFeed {
  constructor(options: LiveFeedOptions);
  /** The last frame that was told; to go on from later. */
  readonly place: Place | null;
  /** Begins to follow. Resolves when it has ended. */
  start(): Promise<void>;
  /** Has all open apps of hers leave the screen, this one among them. */
  panic(): void;
  /** Ends. Nothing is told after that. */
  stop(): Promise<void>;
}
