// A source's handler that keeps all it is told.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Run, SourceHandler, SourceProblem, SourceRead } from "../../src/source/source.ts";

export class RecordingHandler implements SourceHandler {
  /** `opened 9600 8N1`, `closed`, `missing` … in order; bytes are not among them. */
  readonly events: string[] = [];
  readonly problems: SourceProblem[] = [];
  /** What `closed` was told. */
  readonly endings: string[] = [];
  /** What `bytes` answers. */
  accepts = true;
  /** Whether there is room for bytes. */
  hasRoom = true;
  /** How often bytes came. */
  reads = 0;
  /** How often there was no room. */
  turnedAway = 0;
  /** How the source makes sense of what it reads. */
  decode: (read: SourceRead) => Run[] = ({ bytes, timeMs }) => [{ bytes, timeMs, damaged: false }];
  readonly #chunks: Uint8Array[] = [];
  #room: Uint8Array<ArrayBuffer> | null = null;

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  count(event: string): number {
    return this.events.filter((name) => name.startsWith(event)).length;
  }

  opened(detail: string): void {
    this.events.push(`opened ${detail}`);
  }

  room(length: number): Uint8Array<ArrayBuffer> | null {
    assert.equal(this.#room, null, "bytes() follows room()");
    if (!this.hasRoom) {
      this.turnedAway += 1;
      return null;
    }
    this.#room = new Uint8Array(length);
    queueMicrotask(() => assert.equal(this.#room, null, "bytes() follows in the same turn"));
    return this.#room;
  }

  detecting(detail: string): void {
    this.events.push(`detecting ${detail}`);
  }

  bytes(chunk: Uint8Array, timeMs: number): boolean {
    assert.equal(chunk.buffer, this.#room?.buffer, "the bytes stand in the room that was given");
    this.#room = null;
    if (chunk.length > 0) {
      this.reads += 1;
      const runs = this.decode({ bytes: chunk, timeMs, setting: 0 });
      this.#chunks.push(...runs.map(({ bytes }) => bytes));
    }
    return this.accepts;
  }

  signal(isThere: boolean): void {
    this.events.push(isThere ? "signal" : "no signal");
  }

  closed(detail: string): void {
    this.endings.push(detail);
    this.events.push("closed");
  }

  unavailable(problem: SourceProblem): void {
    this.events.push(problem.kind);
    this.problems.push(problem);
  }

  broke(error: unknown): void {
    throw error;
  }
}
