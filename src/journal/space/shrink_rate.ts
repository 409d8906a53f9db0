// How fast free space shrinks: the last ten minutes are cut into five, and the rate is the median of
// the five losses. A large file that comes or goes, even over two minutes, touches two of them and
// changes nothing, where an average would cry wolf for ten minutes; what lasts shows after five.

const windowMs = 600_000;
const spans = 5;
const stepMs = 10_000;
/** The first minute after a start is not taken for the rule. */
const leastMs = 60_000;

interface Sample {
  readonly atMs: number;
  readonly freeBytes: number;
}

export class ShrinkRate {
  /** Newest first. */
  #samples: Sample[] = [];
  #bytesPerMs = 0;

  /** Bytes that free space loses in a millisecond; 0 when it does not shrink or is not known yet. */
  get bytesPerMs(): number {
    return this.#bytesPerMs;
  }

  /** Takes in what is free at `atMs` on the monotonic clock. */
  add(atMs: number, freeBytes: number): void {
    const newest = this.#samples[0];
    if (newest !== undefined && atMs - newest.atMs < stepMs) return;
    this.#samples = this.#samples.filter((sample) => atMs - sample.atMs <= windowMs);
    this.#samples.unshift({ atMs, freeBytes });
    this.#bytesPerMs = Math.max(0, this.#median(atMs));
  }

  #median(nowMs: number): number {
    const lengthMs = nowMs - (this.#samples.at(-1)?.atMs ?? nowMs);
    if (lengthMs < leastMs) return 0;
    const edges = Array.from(
      { length: spans + 1 },
      (_, i) => this.#samples.find(({ atMs }) => atMs <= nowMs - i * lengthMs / spans),
    );
    const losses = edges.flatMap((later, i) => {
      const earlier = edges[i + 1];
      if (later === undefined || earlier === undefined || later === earlier) return [];
      return [(earlier.freeBytes - later.freeBytes) / (later.atMs - earlier.atMs)];
    });
    losses.sort((a, b) => a - b);
    return losses[Math.floor((losses.length - 1) / 2)] ?? 0;
  }
}
