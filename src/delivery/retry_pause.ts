// The wait between two attempts to reach a server. It ends early when another attempt can end
// differently: the proof of identity is another, or somebody asks for it.

import type { Clock } from "../platform/clock.ts";
import type { StreamServer } from "./stream_server.ts";

export class RetryPause {
  readonly #clock: Clock;
  readonly #server: Pick<StreamServer, "renewed">;
  #over = new AbortController();

  constructor(options: {
    readonly clock: Clock;
    readonly server: Pick<StreamServer, "renewed">;
  }) {
    this.#clock = options.clock;
    this.#server = options.server;
  }

  /** Waits `ms` at most, and no longer than until `stop` aborts. */
  async wait(ms: number, stop: AbortSignal): Promise<void> {
    const over = new AbortController();
    this.#over = over;
    const signal = AbortSignal.any([stop, over.signal]);
    this.#server.renewed(signal).then((isRenewed) => {
      if (isRenewed) over.abort();
    });
    await this.#clock.delay(ms, signal);
    over.abort();
  }

  /** Ends the wait, if there is one. */
  end(): void {
    this.#over.abort();
  }
}
