// Where whole records come from: an HTTP post, a WebSocket message. Such a source has nothing to
// frame and nothing undecided; what it must know is when a record is safe, so that it can say so to
// whoever sent it.

import type { SourceProblem } from "./source.ts";

/** What a source of whole records tells its channel. */
export interface RecordHandler {
  /** Records can come now. `detail` says how, for people, such as the address that is listened on. */
  opened(detail: string): void;
  /**
   * Appends one whole record, which was read at `timeMs` (wall clock), in this turn; `bytes` is only
   * needed during the call. Resolves when a power cut cannot take the record back. That can take as
   * long as the disk refuses: until then it waits in memory, and whoever cannot wait says that it is
   * not safe yet. Rejects with `RecordRefused`.
   */
  take(bytes: Uint8Array, timeMs: number): Promise<void>;
  /** Something came that is no record, or could not be taken: one more of the channel's errors. */
  failed(): void;
  /** The source went away and is waited for; `detail` says what happened. */
  closed(detail: string): void;
  /** It cannot be opened now; tried again by itself. Called when the reason changes. */
  unavailable(problem: SourceProblem): void;
  /** The source's own code threw what nobody expected: it does nothing more but to be stopped. */
  broke(error: unknown): void;
}

export interface RecordSource extends AsyncDisposable {
  /** Where records come from, for people: an address. */
  readonly name: string;
  start(handler: RecordHandler): void;
  /** Takes nothing more. What was taken has been answered when it resolves, within bounded time. */
  stop(): Promise<void>;
}

/** A record that is not safe: who sent it must send it again. */
export class RecordRefused extends Error {
  override readonly name = "RecordRefused";
  /**
   * The record is in the journal all the same, as far as is known, so that it would be there twice;
   * else disk and memory took nothing of it.
   */
  readonly isKept: boolean;

  constructor(message: string, options: ErrorOptions & { readonly isKept: boolean }) {
    super(message, options);
    this.isKept = options.isKept;
  }
}
