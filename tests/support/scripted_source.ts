// A source whose bytes, openings and closings a test says itself.

import type { Run, Source, SourceHandler, SourceRead } from "../../src/source/source.ts";

export class ScriptedSource implements Source {
  readonly name = "script";
  readonly baudRate = null;
  readonly setting: number = 0;
  hasBytes = false;
  /** Somebody else holds it open. */
  isKept = false;
  /** What is read is held back until it is cleared. */
  isUndecided = false;
  /** What is read arrives damaged. */
  isDamaged = false;
  /** What is read next does not go on with what came before. */
  begins = false;
  #held: Run[] = [];
  resumed = 0;
  #handler: SourceHandler | undefined;

  get handler(): SourceHandler {
    if (this.#handler === undefined) throw new Error("the source is not started");
    return this.#handler;
  }

  start(handler: SourceHandler): void {
    this.#handler = handler;
  }

  /** Bytes as a device hands them over; false when they could not be written. */
  read(text: string): boolean | "no room" {
    return this.readBytes(new TextEncoder().encode(text));
  }

  readBytes(bytes: Uint8Array): boolean | "no room" {
    const room = this.handler.room(bytes.length);
    if (room === null) return "no room";
    room.set(bytes);
    return this.handler.bytes(room.subarray(0, bytes.length), 1_769_860_800_123);
  }

  decode({ bytes, timeMs }: SourceRead): Run[] {
    this.#held.push({ bytes: bytes.slice(), timeMs, damaged: this.isDamaged, begins: this.begins });
    this.begins = false;
    return this.isUndecided ? [] : this.settle("for_now");
  }

  get undecided(): number {
    return this.#held.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  settle(_quiet: "for_now" | "at_all"): Run[] {
    return this.isUndecided ? [] : this.#held.splice(0);
  }

  resume(): void {
    this.resumed += 1;
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
