// What the sinks of a simulated pipeline say of themselves, held against what their servers do.

import assert from "node:assert/strict";
import type { Sink } from "../../src/delivery/sink.ts";
import type { SimulatedNats } from "./simulated_nats.ts";

/**
 * A state must be true again after 5 s. Sinks look once a second, and what a slow network has under way
 * keeps a server alive that says no more.
 */
const truthMs = 7500;

interface Watched {
  readonly server: SimulatedNats;
  /** Since when it does not answer. */
  silentSinceMs: number | null;
  /** Since when it has refused whatever this life of the process gave it. */
  refusingSinceMs: number | null;
}

export class PipelineTruth {
  readonly #watched: readonly Watched[];

  constructor(servers: readonly SimulatedNats[]) {
    this.#watched = servers.map((server) => ({
      server,
      silentSinceMs: null,
      refusingSinceMs: null,
    }));
  }

  /** A life of the process begins or ends. */
  begin(): void {
    for (const watched of this.#watched) watched.refusingSinceMs = null;
  }

  /** The server with this index had no room for a record. */
  refuse(index: number, nowMs: number): void {
    const watched = this.#watched[index];
    if (watched !== undefined) watched.refusingSinceMs ??= nowMs;
  }

  /** It has a record, or is never going to take it. */
  settle(index: number): void {
    const watched = this.#watched[index];
    if (watched !== undefined) watched.refusingSinceMs = null;
  }

  /** No sink says that it delivers when its server has been silent, or has refused, for long. */
  check(nowMs: number, sinks: readonly Sink[]): void {
    for (const [i, watched] of this.#watched.entries()) {
      watched.silentSinceMs = watched.server.isHeard ? null : watched.silentSinceMs ?? nowMs;
      const sink = sinks[i];
      if (sink?.status.state !== "delivering") continue;
      const silentMs = nowMs - (watched.silentSinceMs ?? nowMs);
      assert.ok(silentMs <= truthMs, `delivering to a server that is silent for ${silentMs} ms`);
      // What is refused comes from an earlier life, then.
      if (sink.caughtUp) watched.refusingSinceMs = null;
      const refusingMs = nowMs - (watched.refusingSinceMs ?? nowMs);
      assert.ok(refusingMs <= truthMs, `delivering to a server that refuses for ${refusingMs} ms`);
    }
  }
}
