// Sinks by name: made for the destinations of a configuration, started, drained and stopped together,
// and each for itself where one of them changes. A destination that cannot be delivered to now still
// holds its records.

import type { Journal } from "../journal/journal.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disk } from "../platform/disk.ts";
import type { Report } from "../platform/notice.ts";
import type { Restraint } from "../platform/restraint.ts";
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
  /** @default {none} */
  readonly restraint?: Restraint;
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
  readonly #sinks = new Map<string, Sink>();
  readonly #clock: Clock;
  #isStarted = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get status(): SinkStatus[] {
    return [...this.#sinks.values()].map((sink) => sink.status);
  }

  /** Makes the sink of a destination that has none, and starts it if the others are. */
  add({ destination, feeds }: Delivery, tools: SinkTools): void {
    const { name, wantedStream } = destination;
    const server = new NatsStreams(new Identity({ ...tools, destination }));
    const random = Math.random;
    const sink = new Sink({ ...tools, name, server, feeds, wantedStream, random });
    this.#sinks.set(name, sink);
    if (this.#isStarted) sink.start();
  }

  /** Stops a sink, after it had so much time for what is synced. Its cursors stay on the disk. */
  async remove(name: string, drainMs: number): Promise<void> {
    const sink = this.#sinks.get(name);
    if (sink === undefined) return;
    await this.#drained([sink], drainMs);
    await sink.stop();
    this.#sinks.delete(name);
  }

  /** The sink goes on with these feeds. */
  async exchange(name: string, feeds: readonly Feed[]): Promise<void> {
    await this.#sinks.get(name)?.exchange(feeds);
  }

  start(): void {
    this.#isStarted = true;
    for (const sink of this.#sinks.values()) sink.start();
  }

  /** Those that wait before their next attempt try again at once. */
  retry(): void {
    for (const sink of this.#sinks.values()) sink.retry();
  }

  /** Gives what is synced so much time to arrive where it can. */
  async drain(drainMs: number): Promise<void> {
    await this.#drained([...this.#sinks.values()], drainMs);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#sinks.values()].map((sink) => sink.stop()));
  }

  async #drained(sinks: readonly Sink[], drainMs: number): Promise<void> {
    const endMs = this.#clock.monotonicMs() + drainMs;
    const draining = (): boolean =>
      sinks.some((sink) => sink.status.state === "delivering" && !sink.caughtUp);
    while (draining() && this.#clock.monotonicMs() < endMs) await this.#clock.delay(drainStepMs);
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
