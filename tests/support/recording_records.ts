// A handler of whole records that keeps all it is told.

import { type RecordHandler, RecordRefused } from "../../src/source/record_source.ts";
import type { SourceProblem } from "../../src/source/source.ts";

export class RecordingRecords implements RecordHandler {
  /** `opened …`, `closed …`, `stalled` … in order; records are not among them. */
  readonly events: string[] = [];
  readonly problems: SourceProblem[] = [];
  readonly records: Uint8Array[] = [];
  /** Whether records are taken. */
  accepts = true;
  /** How often one was refused. */
  refused = 0;
  errors: unknown[] = [];

  get texts(): string[] {
    return this.records.map((record) => new TextDecoder().decode(record));
  }

  count(event: string): number {
    return this.events.filter((name) => name.startsWith(event)).length;
  }

  opened(detail: string): void {
    this.events.push(`opened ${detail}`);
  }

  // deno-lint-ignore require-await
  async take(bytes: Uint8Array): Promise<void> {
    if (!this.accepts) {
      this.refused += 1;
      throw new RecordRefused("no room", { isKept: false });
    }
    this.records.push(bytes.slice());
  }

  failed(): void {
    this.events.push("failed");
  }

  closed(detail: string): void {
    this.events.push(`closed ${detail}`);
  }

  unavailable(problem: SourceProblem): void {
    this.events.push(problem.kind);
    this.problems.push(problem);
  }

  broke(error: unknown): void {
    this.errors.push(error);
  }
}
