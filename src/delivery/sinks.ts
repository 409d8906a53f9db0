// All sinks of a collector: made for the destinations of a configuration, started, drained and
// stopped together. A destination that cannot be delivered to now still holds its records.

import type { Journal } from "../journal/journal.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disk } from "../platform/disk.ts";
import type { Report } from "../platform/notice.ts";
import { CursorFile } from "./cursor.ts";
import { cursorPath, type Destination } from "./destinations.ts";
import { Identity } from "./identity.ts";
import { NatsStreams } from "./nats_streams.ts";
import { passedBefore } from "./reconcile.ts";
import type { Feed } from "./session.ts";
import { Sink, type SinkStatus } from "./sink.ts";

/** What all sinks need. */
export interface SinkTools {
  readonly statePath: string;
  /** Longest wait between two attempts. */
  readonly maxWaitMs: number;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly report: Report;
}

/** A destination, and what goes there. */
export interface Delivery {
  readonly destination: Destination;
  readonly feeds: readonly Feed[];
}

const drainStepMs = 20;

export class Sinks {
  readonly #sinks: readonly Sink[];
  readonly #clock: Clock;

  constructor(deliveries: readonly Delivery[], tools: SinkTools) {
    this.#clock = tools.clock;
    this.#sinks = deliveries.map(({ destination, feeds }) => {
      const { name, wantedStream } = destination;
      const server = new NatsStreams(new Identity({ ...tools, destination }));
      return new Sink({ ...tools, name, server, feeds, wantedStream, random: Math.random });
    });
  }

  get status(): SinkStatus[] {
    return this.#sinks.map((sink) => sink.status);
  }

  start(): void {
    for (const sink of this.#sinks) sink.start();
  }

  /** Those that wait before their next attempt try again at once. */
  retry(): void {
    for (const sink of this.#sinks) sink.retry();
  }

  /** Gives what is synced so much time to arrive where it can. */
  async drain(drainMs: number): Promise<void> {
    const endMs = this.#clock.monotonicMs() + drainMs;
    const draining = (): boolean =>
      this.#sinks.some((sink) => sink.status.state === "delivering" && !sink.caughtUp);
    while (draining() && this.#clock.monotonicMs() < endMs) await this.#clock.delay(drainStepMs);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => sink.stop()));
  }
}

/** Holds what the destination called `name` has not passed, as far as its cursors on the disk tell. */
export function holdFor(
  name: string,
  journals: readonly Journal[],
  { disk, statePath }: Pick<SinkTools, "disk" | "statePath">,
): void {
  const cursors = new CursorFile(disk, cursorPath(statePath, name));
  for (const journal of journals) {
    journal.shelf.release(name, passedBefore(cursors.get(journal.name), journal));
  }
}
