// Where bytes land that are read from a device: in memory that outlives the process, together with
// the place in the journal behind which they belong. They stay until they are in the journal, or
// for as long as it is not known what they mean. Whoever opens the channel after a kill cuts the
// journal back to that place and takes them again, so that nothing is lost and nothing comes twice,
// whichever instruction was the last.
//
//    0  4  which of two banks holds bytes that are not in the journal, + 256 × format; 0 for none
//    4  4  1 while some of the open record's bytes arrived damaged
//
// A bank:
//    0  4  how many reads             4  4  bytes read, of those reads that have returned
//    8  4  bytes asked for            12  4  0
//   16  8  sequence that the journal gives out next
//   24  8  bytes of its open record  32 32  its epoch
//   64 16  pattern that fills the room before a read
//   80  …  of each read: where it begins (4), how the source was set (4), time (8)
//    …  …  the room
//
// A read that was killed before its count was noted is told by the pattern that it did not
// overwrite. The last byte read can equal the pattern by chance: one kill in 256, of those that hit
// the microsecond between.

import { isDeepStrictEqual } from "node:util";
import type { JournalPlace } from "../journal/journal_place.ts";
import type { SourceRead } from "../source/source.ts";

const headBytes = 8;
const format = 2;
const patternBytes = 16;
const tableAt = 80;
/** Half of them for changes of the setting alone. */
const mostReads = 64;
/** Reads so soon behind each other share an entry, and a time. */
const oneTimeMs = 250;
const tableEntryBytes = 16;
const roomAt = tableAt + mostReads * tableEntryBytes;

/** Most bytes that can wait here. */
const catchRoomBytes = 16 * 1024;

/** Most bytes of one read. */
const mostAsked = 4096;

const bankBytes = roomAt + catchRoomBytes;

/** Memory that a catch buffer needs, in bytes. */
export const catchBufferBytes = headBytes + 2 * bankBytes;

/** What was read and perhaps not appended, oldest first. */
export interface Caught {
  readonly place: JournalPlace;
  readonly reads: readonly SourceRead[];
  /** Bytes of the open record arrived damaged. */
  readonly openDamaged: boolean;
}

export class CatchBuffer {
  readonly #words: Int32Array<ArrayBuffer>;
  readonly #banks: readonly [Bank, Bank];

  /** `memory` has `catchBufferBytes`, and holds what the last owner left there. */
  constructor(memory: Uint8Array<ArrayBuffer>) {
    this.#words = new Int32Array(memory.buffer, memory.byteOffset, 2);
    const bank = (i: number): Bank => {
      const from = headBytes + i * bankBytes;
      return new Bank(memory.subarray(from, from + bankBytes));
    };
    this.#banks = [bank(0), bank(1)];
  }

  /** What the last owner had read and perhaps not appended. */
  get left(): Caught | null {
    const bank = this.#armed;
    if (bank === null) return null;
    return { place: bank.place, reads: bank.reads, openDamaged: this.openDamaged };
  }

  /** Some bytes of the journal's open record arrived damaged: an index entry will say so at its end. */
  get openDamaged(): boolean {
    return this.#words[1] === 1;
  }

  set openDamaged(damaged: boolean) {
    this.#words[1] = damaged ? 1 : 0;
  }

  /**
   * Room for a read of up to `length` bytes, less where that is more than fits, behind what waits
   * here already; `place` counts only when nothing does.
   */
  arm(
    place: JournalPlace,
    length: number,
    read: Omit<SourceRead, "bytes">,
  ): Uint8Array<ArrayBuffer> {
    const waiting = this.#armed;
    if (waiting !== null) return waiting.ask(length, read);
    const [bank] = this.#banks;
    bank.begin(place);
    const room = bank.ask(length, read);
    this.#arm(bank);
    return room;
  }

  /** The read has returned with so many bytes. */
  note(count: number): void {
    this.#armed?.note(count);
  }

  /** All but the last `count` bytes are in the journal now, which reaches to `place`. */
  keep(count: number, place: JournalPlace): void {
    const bank = this.#armed;
    if (bank === null) return;
    if (count === 0) {
      Atomics.store(this.#words, 0, 0);
      return;
    }
    if (count === bank.byteCount && isDeepStrictEqual(place, bank.place)) return;
    this.#moveLast(bank, Math.min(count, bank.byteCount), place);
  }

  /** What was left belongs behind `place`: the journal, cut back, may have begun an epoch there. */
  moveTo(place: JournalPlace): void {
    const bank = this.#armed;
    if (bank !== null && !isDeepStrictEqual(place, bank.place)) {
      this.#moveLast(bank, bank.byteCount, place);
    }
  }

  #moveLast(bank: Bank, count: number, place: JournalPlace): void {
    const other = this.#banks[0] === bank ? this.#banks[1] : this.#banks[0];
    other.begin(place);
    other.takeLast(bank, count);
    this.#arm(other);
  }

  get #armed(): Bank | null {
    switch (this.#words[0]) {
      case format * 256 + 1:
        return this.#banks[0];
      case format * 256 + 2:
        return this.#banks[1];
      default:
        return null;
    }
  }

  #arm(bank: Bank): void {
    Atomics.store(this.#words, 0, format * 256 + (bank === this.#banks[0] ? 1 : 2));
  }
}

/** A journal's place, and the reads that belong behind it. */
class Bank {
  readonly #memory: Uint8Array<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  readonly #room: Uint8Array<ArrayBuffer>;
  readonly #fill = new Uint8Array(mostAsked);

  constructor(memory: Uint8Array<ArrayBuffer>) {
    this.#memory = memory;
    this.#view = new DataView(memory.buffer, memory.byteOffset, memory.length);
    this.#room = memory.subarray(roomAt);
  }

  get place(): JournalPlace {
    return {
      nextSequence: this.#view.getFloat64(16, true),
      openLogBytes: this.#view.getFloat64(24, true),
      epoch: new TextDecoder().decode(this.#memory.subarray(32, 64)),
    };
  }

  /** Bytes of the reads that have returned. */
  get byteCount(): number {
    return Math.min(this.#view.getUint32(4, true), catchRoomBytes);
  }

  /** With what a read left that was killed before its count was noted. */
  get reads(): SourceRead[] {
    const noted = this.byteCount;
    const asked = this.#room.subarray(noted, noted + this.#view.getUint32(8, true));
    const end = noted + this.#overwritten(asked);
    const count = Math.min(this.#view.getUint32(0, true), mostReads);
    const reads: SourceRead[] = [];
    for (let i = 0; i < count; i++) {
      const to = i + 1 < count ? Math.min(this.#startOf(i + 1), end) : end;
      const bytes = this.#room.slice(Math.min(this.#startOf(i), to), to);
      const at = tableAt + i * tableEntryBytes;
      const setting = this.#view.getUint32(at + 4, true);
      if (bytes.length > 0) {
        reads.push({ bytes, setting, timeMs: this.#view.getFloat64(at + 8, true) });
      }
    }
    return reads;
  }

  begin({ nextSequence, openLogBytes, epoch }: JournalPlace): void {
    this.#view.setUint32(0, 0, true);
    this.#view.setUint32(4, 0, true);
    this.#view.setUint32(8, 0, true);
    this.#view.setFloat64(16, nextSequence, true);
    this.#view.setFloat64(24, openLogBytes, true);
    for (let i = 0; i < epoch.length; i++) this.#memory[32 + i] = epoch.charCodeAt(i);
  }

  ask(length: number, { setting, timeMs }: Omit<SourceRead, "bytes">): Uint8Array<ArrayBuffer> {
    const from = this.byteCount;
    const room = this.#room.subarray(from, from + Math.min(length, mostAsked));
    this.#newPattern();
    room.set(this.#fill.subarray(0, room.length));
    this.#enter(from, setting, timeMs);
    this.#view.setUint32(8, room.length, true);
    return room;
  }

  note(count: number): void {
    const to = this.byteCount + count;
    this.#view.setUint32(8, 0, true);
    this.#view.setUint32(4, to, true);
  }

  /** The last `count` bytes of another bank. */
  takeLast(other: Bank, count: number): void {
    let skip = other.byteCount - count;
    for (const { bytes, setting, timeMs } of other.reads) {
      const rest = bytes.subarray(skip);
      skip = Math.max(0, skip - bytes.length);
      if (rest.length === 0) continue;
      const from = this.byteCount;
      this.#room.set(rest, from);
      this.#enter(from, setting, timeMs);
      this.note(rest.length);
    }
  }

  /** A read at `from`, unless it can share the entry of the one before. */
  #enter(from: number, setting: number, timeMs: number): void {
    const count = this.#view.getUint32(0, true);
    const last = tableAt + (count - 1) * tableEntryBytes;
    // One that was asked for and gave nothing makes way.
    const replaces = count > 0 && this.#view.getUint32(last, true) === from;
    if (count > 0 && !replaces && this.#view.getUint32(last + 4, true) === setting) {
      const isSoon = timeMs - this.#view.getFloat64(last + 8, true) < oneTimeMs;
      if (isSoon || count >= mostReads / 2) return;
    }
    const at = replaces ? last : last + tableEntryBytes;
    if (at >= roomAt) return;
    this.#view.setUint32(at, from, true);
    this.#view.setUint32(at + 4, setting, true);
    this.#view.setFloat64(at + 8, timeMs, true);
    if (!replaces) this.#view.setUint32(0, count + 1, true);
  }

  #startOf(read: number): number {
    return this.#view.getUint32(tableAt + read * tableEntryBytes, true);
  }

  #newPattern(): void {
    const pattern = this.#memory.subarray(64, 64 + patternBytes);
    if (this.#fill[0] !== pattern[0] || pattern.every((byte) => byte === 0)) {
      crypto.getRandomValues(pattern);
      for (let i = 0; i < this.#fill.length; i++) this.#fill[i] = pattern[i % patternBytes] ?? 0;
    }
  }

  /** Length of the part of `room` that does not hold the pattern any more. */
  #overwritten(room: Uint8Array): number {
    let count = room.length;
    while (count > 0 && room[count - 1] === this.#memory[64 + (count - 1) % patternBytes]) count--;
    return count;
  }
}
