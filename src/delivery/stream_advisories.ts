// What a server tells by itself of streams that are made, altered, deleted, or change their leader: so
// that nobody needs to ask all the time.

import type { NatsConnection } from "@nats-io/transport-node";

/** Where it tells it; not every user may listen. */
export const advisorySubject = "$JS.EVENT.ADVISORY.STREAM.*.*";

export class StreamAdvisories {
  readonly #changed = new Set<string>();
  readonly #elections = new Map<string, number>();
  #isRefused = false;

  constructor(connection: NatsConnection) {
    connection.subscribe(advisorySubject, {
      callback: (error, { subject }) => {
        if (error) this.#isRefused = true;
        else this.#note(subject);
      },
    });
  }

  /** Whether the server would have told of a change, and has not since this was asked last. */
  isUnchanged(stream: string): boolean {
    return !this.#changed.delete(stream) && !this.#isRefused;
  }

  /** How often a leader of the stream was elected, as far as it was told. */
  elections(stream: string): number {
    return this.#elections.get(stream) ?? 0;
  }

  #note(subject: string): void {
    const [event = "", stream = ""] = subject.split(".").slice(-2);
    this.#changed.add(stream);
    if (event === "LEADER_ELECTED") this.#elections.set(stream, this.elections(stream) + 1);
  }
}
