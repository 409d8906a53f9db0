// A file of the simulated disk: what programs see of it, what the platter holds of it, and the
// changes that lie between the two until a sync. After a power cut each sector may stand as after
// any of these changes, and the length too, each on its own: that is a drive that reorders, with a
// file system that promises nothing.

/** In [0, 1). */
export type RandomNumber = () => number;

/** What a power cut may do to bytes that were not synced: lose any sector, or only the latest. */
export type ByteOrder = "any" | "as written";

/** Bytes that grow and shrink at their end. */
class Bytes {
  #memory = new Uint8Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Valid until the next change. */
  get view(): Uint8Array {
    return this.#memory.subarray(0, this.#length);
  }

  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    if (end > this.#length) this.resize(end);
    this.#memory.set(bytes, offset);
  }

  resize(length: number): void {
    if (length > this.#memory.length) {
      const memory = new Uint8Array(Math.max(length, 2 * this.#memory.length, 256));
      memory.set(this.view);
      this.#memory = memory;
    }
    if (length < this.#length) this.#memory.fill(0, length, this.#length);
    this.#length = length;
  }
}

/** A write dirties whole sectors: it carries what stands in its first sector before it, too. */
type Change =
  | { readonly do: "write"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly do: "resize"; readonly length: number };

function apply(bytes: Bytes, change: Change): void {
  if (change.do === "write") bytes.write(change.offset, change.bytes);
  else bytes.resize(change.length);
}

export class SimulatedFile {
  /** Names and open handles: without any it is gone, and its room free. */
  links = 0;
  readonly #sectorBytes: number;
  /** Whether a power cut leaves any of it. */
  readonly #lasting: boolean;
  readonly #order: ByteOrder;
  readonly #content = new Bytes();
  readonly #durable = new Bytes();
  #changes: Change[] = [];
  #settled = 0;
  #failedSyncs = 0;

  constructor(options: {
    readonly sectorBytes: number;
    readonly lasting: boolean;
    readonly order: ByteOrder;
  }) {
    this.#order = options.order;
    this.#sectorBytes = options.sectorBytes;
    this.#lasting = options.lasting;
  }

  get length(): number {
    return this.#content.length;
  }

  /** Number of changes so far: what a sync that begins now covers. */
  get changes(): number {
    return this.#settled + this.#changes.length;
  }

  /** Number of syncs that failed: each open description is told of a failure once. */
  get failedSyncs(): number {
    return this.#failedSyncs;
  }

  /** Fills `buffer` from `offset` on. */
  read(buffer: Uint8Array, offset: number): number {
    const bytes = this.#content.view.subarray(offset, offset + buffer.length);
    buffer.set(bytes);
    return bytes.length;
  }

  append(bytes: Uint8Array): void {
    const offset = this.#content.length;
    this.#content.write(offset, bytes);
    if (!this.#lasting) return;
    const first = offset - offset % this.#sectorBytes;
    this.#changes.push({ do: "write", offset: first, bytes: this.#content.view.slice(first) });
  }

  truncate(length: number): void {
    this.#content.resize(length);
    if (this.#lasting) this.#changes.push({ do: "resize", length });
  }

  /** A sync that covered the first `changes` of all changes succeeded. */
  settle(changes: number): void {
    for (const change of this.#take(changes)) apply(this.#durable, change);
  }

  /**
   * Such a sync failed: some sectors got through, the others count as clean now, and no later sync
   * writes them unless they are written to again. Programs go on reading them.
   */
  lose(changes: number, random: RandomNumber): void {
    this.#failedSyncs += 1;
    const left = this.#torn(this.#take(changes), random);
    this.#durable.resize(0);
    this.#durable.write(0, left);
  }

  /** What a failed sync has lost counts as not written yet. */
  writeAgain(): void {
    if (this.#failedSyncs === 0 || !this.#lasting) return;
    this.#changes.push({ do: "write", offset: 0, bytes: this.#content.view.slice() });
  }

  /** The file as the platter holds it after a power cut at this moment. */
  afterPowerCut(random: RandomNumber): SimulatedFile {
    const after = new SimulatedFile({
      sectorBytes: this.#sectorBytes,
      lasting: this.#lasting,
      order: this.#order,
    });
    const left = this.#torn(this.#changes, random);
    after.#content.write(0, left);
    after.#durable.write(0, left);
    return after;
  }

  /** What stands on the platter when nobody knows which of `changes` were written, and in what order. */
  #torn(changes: readonly Change[], random: RandomNumber): Uint8Array {
    const how = changes.length === 0 ? 0 : Math.floor((this.#order === "any" ? 4 : 3) * random());
    return how === 3
      ? tornAnyhow(this.#durable, changes, this.#sectorBytes, random)
      : tornInOrder(this.#durable, changes, how, random);
  }

  #take(changes: number): Change[] {
    const taken = this.#changes.splice(0, Math.max(0, changes - this.#settled));
    this.#settled += taken.length;
    return taken;
  }
}

/** None of the changes, all of them, or the first ones and a part of the next. */
function tornInOrder(
  durable: Bytes,
  changes: readonly Change[],
  how: number,
  random: RandomNumber,
): Uint8Array {
  const bytes = new Bytes();
  bytes.write(0, durable.view);
  const whole = [0, changes.length, Math.floor(random() * (changes.length + 1))][how] ?? 0;
  for (const change of changes.slice(0, whole)) apply(bytes, change);
  const last = how === 2 ? changes[whole] : undefined;
  if (last?.do === "write") {
    const length = Math.floor(random() * (last.bytes.length + 1));
    apply(bytes, { ...last, bytes: last.bytes.subarray(0, length) });
  }
  return bytes.view;
}

/** Every sector, and the length, as after some number of the changes, each after its own. */
function tornAnyhow(
  durable: Bytes,
  changes: readonly Change[],
  sectorBytes: number,
  random: RandomNumber,
): Uint8Array {
  const moment = (): number => Math.floor(random() * (changes.length + 1));
  const longest = Math.max(durable.length, ...changes.map(reach));
  const moments = new Map<number, number>();
  for (const [from, to] of changes.map((change) => touched(change, longest))) {
    for (let at = from - from % sectorBytes; at < to; at += sectorBytes) {
      if (!moments.has(at)) moments.set(at, moment());
    }
  }
  const lengthMoment = moment();
  const work = new Bytes();
  work.write(0, durable.view);
  const result = new Uint8Array(longest);
  result.set(durable.view);
  let length = 0;
  for (let done = 0; done <= changes.length; done++) {
    const next = changes[done];
    if (done === lengthMoment) {
      // A write may have lengthened the file by a part of it.
      const most = next?.do === "write" ? reach(next) : work.length;
      length = work.length + Math.floor(random() * Math.max(0, most - work.length));
    }
    for (const [at, when] of moments) {
      if (when !== done) continue;
      result.fill(0, at, at + sectorBytes);
      result.set(work.view.subarray(at, at + sectorBytes), at);
    }
    if (next !== undefined) apply(work, next);
  }
  return result.subarray(0, length);
}

/** Where the file ends right behind the change. */
function reach(change: Change): number {
  return change.do === "write" ? change.offset + change.bytes.length : change.length;
}

/** First byte that the change may alter, and the one behind the last. */
function touched(change: Change, longest: number): readonly [number, number] {
  return change.do === "write" ? [change.offset, reach(change)] : [change.length, longest];
}
