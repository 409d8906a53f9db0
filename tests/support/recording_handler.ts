// A source's handler that keeps all it is told.

import { Buffer } from "node:buffer";
import type { SourceHandler, SourceProblem } from "../../src/source/source.ts";

export class RecordingHandler implements SourceHandler {
  /** `opened 9600 8N1`, `closed`, `missing` … in order; bytes are not among them. */
  readonly events: string[] = [];
  readonly problems: SourceProblem[] = [];
  /** What `bytes` answers. */
  accepts = true;
  /** How often `bytes` was called. */
  reads = 0;
  readonly #chunks: Uint8Array[] = [];

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  count(event: string): number {
    return this.events.filter((name) => name.startsWith(event)).length;
  }

  opened(detail: string): void {
    this.events.push(`opened ${detail}`);
  }

  bytes(chunk: Uint8Array, _timeMs: number): boolean {
    this.reads += 1;
    this.#chunks.push(new Uint8Array(chunk));
    return this.accepts;
  }

  closed(): void {
    this.events.push("closed");
  }

  unavailable(problem: SourceProblem): void {
    this.events.push(problem.kind);
    this.problems.push(problem);
  }
}
