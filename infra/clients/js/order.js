// Puts the frames of the live feed in order: each is told once, holes are waited for and then asked for.

const NO_EPOCH = '00000000';

/** What was told, and what came too early. */
export class Order {
  #early = [];
  #tell;

  /** `tell.refetch(reason)`, `tell.change(frame)`, `tell.isOver()`; `place` is where to go on from, or null. */
  constructor(place, tell) {
    this.place = place;
    this.#tell = tell;
  }

  /** Takes frames from `after` to `upTo`. `false`: some before them are missing. */
  take({ epoch, after, upTo, frames }) {
    if (this.#tell.isOver()) return true;
    if (this.place === null) {
      this.#jump(epoch, upTo, 'START');
      return true;
    }
    if (frames.some((it) => it.type === 'gap')) {
      this.#jump(epoch, upTo, 'GAP');
      return true;
    }
    const isFirst = this.place.epoch === NO_EPOCH && this.place.seq === 0;
    if (epoch !== this.place.epoch && !isFirst) return false;
    if (after > this.place.seq) {
      this.#early.push({ epoch, after, upTo, frames });
      return false;
    }
    for (const frame of frames) {
      if (this.#tell.isOver()) return true;
      if (frame.seq <= this.place.seq) continue;
      this.place = { epoch, seq: frame.seq };
      this.#tell.change(frame);
    }
    if (this.#tell.isOver()) return true;
    // Those of topics that were not subscribed to are left out.
    this.place = { epoch, seq: Math.max(this.place.seq, upTo) };
    return this.#takeEarly();
  }

  /** Whether all frames up to the head of a feed were told. */
  hasAll({ epoch, head }) {
    return this.place !== null && this.place.epoch === epoch && this.place.seq >= head;
  }

  #takeEarly() {
    const next = this.#early.findIndex((it) => it.after <= this.place.seq);
    if (next < 0) return this.#early.length === 0;
    const [batch] = this.#early.splice(next, 1);
    return this.take(batch);
  }

  #jump(epoch, seq, reason) {
    this.#early = [];
    this.place = { epoch, seq };
    this.#tell.refetch(reason);
  }
}
