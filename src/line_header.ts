// What every line of a journal begins with, so that its start and its time can be found in the log
// when nothing else tells: fixed bytes, a time in UTC to the millisecond, fixed bytes.

const day = "2025-12-03";
const timeLength = `${day} 15:04:05.123`.length;
const timeShape = /^\d{4}-\d\d-\d\d\d\d:\d\d:\d\d\.\d{3}$/;

/** What stands around the time, in ASCII. `between` is one character between day and hour. */
export interface HeaderShape {
  readonly before: string;
  readonly between: string;
  readonly behind: string;
}

export class LineHeader {
  /** Bytes in every header of this shape. */
  readonly length: number;
  readonly #shape: HeaderShape;
  readonly #before: Uint8Array;
  readonly #encoder = new TextEncoder();

  constructor(shape: HeaderShape) {
    this.#shape = shape;
    this.#before = this.#encoder.encode(shape.before);
    this.length = this.#before.length + timeLength + shape.behind.length;
  }

  /** Writes the header at `offset` of `target` and returns the offset behind it. */
  write(target: Uint8Array, offset: number, timeMs: number): number {
    target.set(this.#before, offset);
    const time = new Date(timeMs).toISOString();
    const { between, behind } = this.#shape;
    const text = `${time.slice(0, 10)}${between}${time.slice(11, 23)}${behind}`;
    this.#encoder.encodeInto(text, target.subarray(offset + this.#before.length));
    return offset + this.length;
  }

  /** Whether `bytes` may be a header of this shape whose end is missing. */
  isTorn(bytes: Uint8Array): boolean {
    if (bytes.length >= this.length) return false;
    const compared = bytes.subarray(0, this.#before.length);
    return compared.every((byte, i) => byte === this.#before[i]);
  }

  /** The time in the header that begins at `offset` in milliseconds, or `null` where none begins. */
  read(bytes: Uint8Array, offset: number): number | null {
    if (offset + this.length > bytes.length) return null;
    for (let i = 0; i < this.#before.length; i++) {
      if (bytes[offset + i] !== this.#before[i]) return null;
    }
    const from = offset + this.#before.length;
    const text = String.fromCharCode(...bytes.subarray(from, offset + this.length));
    const { between, behind } = this.#shape;
    if (text[day.length] !== between || text.slice(timeLength) !== behind) return null;
    const [date, hours] = [text.slice(0, day.length), text.slice(day.length + 1, timeLength)];
    if (!timeShape.test(date + hours)) return null;
    const time = `${date}T${hours}Z`;
    const timeMs = Date.parse(time);
    if (Number.isNaN(timeMs)) return null;
    // Date.parse() takes 30 February for 2 March.
    return new Date(timeMs).toISOString() === time ? timeMs : null;
  }
}
