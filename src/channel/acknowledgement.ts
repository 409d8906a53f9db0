// Tells a sender, over the connection that brought it, that a record is safe on the disk: once for
// each record, in order, never for what stands only in memory. A sender that is told nothing keeps
// the record and sends it again; a record that broke off is not what it means by one.

import type { Fragment } from "../framer/framer.ts";
import type { Journal } from "../journal/journal.ts";
import type { Clock } from "../platform/clock.ts";
import { recordMark } from "../record.ts";
import { SafeKeeping } from "./safe_keeping.ts";

/** Who is told. */
export interface AcknowledgedSender {
  send(bytes: Uint8Array): void;
  /** Ends the connection: what was not acknowledged is sent again over the next one. */
  cease(reason: string): void;
}

export class Acknowledgement {
  readonly #sender: () => AcknowledgedSender | null;
  readonly #text: Uint8Array;
  readonly #safeKeeping: SafeKeeping;
  #latest: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly journal: Journal;
    readonly clock: Clock;
    /** Who has sent what is appended now. */
    readonly sender: () => AcknowledgedSender | null;
    /** What acknowledges a record. */
    readonly text: Uint8Array;
  }) {
    this.#sender = options.sender;
    this.#text = options.text;
    this.#safeKeeping = new SafeKeeping(options);
  }

  /** To be called when the records that `fragments` end are in the journal, with the first's number. */
  of(fragments: readonly Fragment[]): ((from: number) => void) | undefined {
    const sender = this.#sender();
    const count = fragments.filter(({ end }) => end !== null && recordMark(end) === "whole").length;
    if (sender === null || count === 0) return undefined;
    return (from) => {
      this.#latest = this.#safeKeeping.secure(from).then(
        () => sender.send(repeated(this.#text, count)),
        // A later acknowledgement would be taken for this record's.
        () => sender.cease("records are not safe on the disk and cannot be acknowledged"),
      );
    };
  }

  /** Resolves when what was appended before the call is acknowledged, or is not going to be. */
  async settled(): Promise<void> {
    await this.#latest;
  }

  async stop(): Promise<void> {
    await this.#safeKeeping.stop();
  }
}

function repeated(text: Uint8Array, count: number): Uint8Array {
  const bytes = new Uint8Array(text.length * count);
  for (let at = 0; at < bytes.length; at += text.length) bytes.set(text, at);
  return bytes;
}
