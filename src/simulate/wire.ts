// The level of one wire over time, between the one who drives it and the one who samples it.
// Only the moments of change are kept, and those that the listener has passed are dropped, so
// that a line can run for days.

const initialCapacity = 256;

/** One driver, one listener. An idle line is high (mark). Times are in microseconds. */
export class Wire {
  #edges = new Float64Array(initialCapacity);
  #first = 0;
  #count = 0;
  #drivenHigh = true;
  #heardHigh = true;
  #endUs = 0;

  /** Up to here the level is known. */
  get endUs(): number {
    return this.#endUs;
  }

  /** The driver's level from `atUs` on, which is not before anything driven already. */
  drive(high: boolean, atUs: number): void {
    if (high === this.#drivenHigh) return;
    this.#drivenHigh = high;
    if (this.#count === this.#edges.length) this.#makeRoom();
    this.#edges[this.#count++] = atUs;
  }

  /** The driver's level stays until `untilUs`. */
  holdUntil(untilUs: number): void {
    this.#endUs = untilUs;
  }

  /** The level at a time that is not before the last one asked for. */
  isHighAt(atUs: number): boolean {
    const edges = this.#edges;
    let first = this.#first;
    while (first < this.#count && (edges[first] ?? 0) <= atUs) first++;
    if (((first - this.#first) & 1) === 1) this.#heardHigh = !this.#heardHigh;
    this.#first = first;
    return this.#heardHigh;
  }

  /** When the level next goes from high to low after `atUs`; `undefined` while unknown. */
  nextFallAfter(atUs: number): number | undefined {
    const ahead = this.isHighAt(atUs) ? this.#first : this.#first + 1;
    return ahead < this.#count ? this.#edges[ahead] : undefined;
  }

  #makeRoom(): void {
    const waiting = this.#edges.subarray(this.#first, this.#count);
    const capacity = waiting.length * 2 > this.#edges.length
      ? this.#edges.length * 2
      : this.#edges.length;
    const edges = new Float64Array(capacity);
    edges.set(waiting);
    this.#edges = edges;
    this.#count -= this.#first;
    this.#first = 0;
  }
}
