// Where bytes land that are read from a device: in memory that outlives the process, together with
// the place in the journal at which they are about to be appended. Whoever opens the channel after a
// kill cuts the journal back to that place and appends them again, so that nothing is lost and
// nothing comes twice, whichever instruction was the last.
//
//    0  4  1 while bytes may be here that are not in the journal
//    4  4  bytes asked for
//    8  4  bytes read, once the read has returned
//   16  8  time of the read          24  8  sequence that the journal gives out next
//   32  8  bytes of its open record  40  8  0
//   48 32  its epoch                 80 16  pattern that fills the room before a read
//   96  …  the room
//
// A read that was killed before its count was noted is told by the pattern that it did not
// overwrite. The last byte read can equal the pattern by chance: one kill in 256, of those that hit
// the microsecond between.

import type { JournalPlace } from "../journal/journal_place.ts";

const headBytes = 96;
const patternBytes = 16;

/** Most bytes that can be caught at once. */
const roomBytes = 4096;

/** Memory that a catch buffer needs, in bytes. */
export const catchBufferBytes = headBytes + roomBytes;

/** Bytes that were read, and may or may not be in the journal. */
export interface Caught {
  readonly place: JournalPlace;
  readonly bytes: Uint8Array;
  readonly timeMs: number;
}

export class CatchBuffer {
  readonly #memory: Uint8Array<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  readonly #armed: Int32Array<ArrayBuffer>;
  readonly #fill = new Uint8Array(roomBytes);

  /** `memory` has `catchBufferBytes`, and holds what the last owner left there. */
  constructor(memory: Uint8Array<ArrayBuffer>) {
    this.#memory = memory;
    this.#view = new DataView(memory.buffer, memory.byteOffset, memory.length);
    this.#armed = new Int32Array(memory.buffer, memory.byteOffset, 1);
  }

  /** What the last owner had read and perhaps not appended. */
  get left(): Caught | null {
    if (this.#armed[0] !== 1) return null;
    const asked = Math.min(this.#view.getUint32(4, true), roomBytes);
    const noted = this.#view.getUint32(8, true);
    const room = this.#memory.subarray(headBytes, headBytes + asked);
    const count = noted > 0 ? noted : this.#overwritten(room);
    return {
      place: {
        nextSequence: this.#view.getFloat64(24, true),
        openLogBytes: this.#view.getFloat64(32, true),
        epoch: new TextDecoder().decode(this.#memory.subarray(48, 80)),
      },
      bytes: room.slice(0, count),
      timeMs: this.#view.getFloat64(16, true),
    };
  }

  /** Room for a read of up to `length` bytes, less where that is more than fits. */
  arm(place: JournalPlace, length: number, timeMs: number): Uint8Array<ArrayBuffer> {
    const asked = Math.min(length, roomBytes);
    this.#view.setUint32(4, asked, true);
    this.#view.setUint32(8, 0, true);
    this.#view.setFloat64(16, timeMs, true);
    this.#view.setFloat64(24, place.nextSequence, true);
    this.#view.setFloat64(32, place.openLogBytes, true);
    for (let i = 0; i < place.epoch.length; i++) this.#memory[48 + i] = place.epoch.charCodeAt(i);
    this.#newPattern();
    const room = this.#memory.subarray(headBytes, headBytes + asked);
    room.set(this.#fill.subarray(0, asked));
    Atomics.store(this.#armed, 0, 1);
    return room;
  }

  /** The read has returned with so many bytes. */
  note(count: number): void {
    this.#view.setUint32(8, count, true);
  }

  /** All that was read is in the journal, or nothing was read. */
  disarm(): void {
    Atomics.store(this.#armed, 0, 0);
  }

  #newPattern(): void {
    const pattern = this.#memory.subarray(80, 80 + patternBytes);
    if (this.#fill[0] !== pattern[0] || pattern.every((byte) => byte === 0)) {
      crypto.getRandomValues(pattern);
      for (let i = 0; i < roomBytes; i++) this.#fill[i] = pattern[i % patternBytes] ?? 0;
    }
  }

  /** Length of the part of `room` that does not hold the pattern any more. */
  #overwritten(room: Uint8Array): number {
    let count = room.length;
    while (count > 0 && room[count - 1] === this.#memory[80 + (count - 1) % patternBytes]) count--;
    return count;
  }
}
