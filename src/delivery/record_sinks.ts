// The sinks of all channels' records. Channels come and go while sinks run, and sinks change while
// channels run; one change at a time.

import type { Config, EnabledPort } from "../config/config.ts";
import type { BrokenSection } from "../config/fail_open.ts";
import type { Journal } from "../journal/journal.ts";
import { type Destination, destinations } from "./destinations.ts";
import type { Feed } from "./session.ts";
import type { SinkStatus } from "./sink.ts";
import { holdFor, Sinks, type SinkTools } from "./sinks.ts";

/** A channel that is delivered. */
export interface DeliveredChannel {
  readonly port: EnabledPort;
  readonly journal: Journal;
}

/** Where records go, and how long a sink waits at most between two attempts. */
export interface Targets {
  readonly destinations: readonly Destination[];
  /** Names of those that cannot be delivered to now, and that records are kept for. */
  readonly held: readonly string[];
  readonly maxWaitMs: number;
}

/** As the configuration says, of which the `broken` sections do not check. */
export function targetsOf(config: Config, broken: readonly BrokenSection[]): Targets {
  const held = broken.filter(({ holdsRecords }) => holdsRecords).map(({ name }) => name);
  return {
    destinations: destinations(config).filter(({ name }) => !held.some((each) => each === name)),
    held,
    maxWaitMs: config.nats.reconnect_wait_sec * 1000,
  };
}

export const nowhere: Targets = { destinations: [], held: [], maxWaitMs: 0 };

export class RecordSinks {
  readonly #sinks: Sinks;
  readonly #tools: Omit<SinkTools, "maxWaitMs">;
  readonly #channels = new Map<string, DeliveredChannel>();
  #targets: Targets;
  #isStarted = false;
  #work: Promise<void> = Promise.resolve();

  constructor(targets: Targets, tools: Omit<SinkTools, "maxWaitMs">) {
    this.#targets = targets;
    this.#tools = tools;
    this.#sinks = new Sinks(tools.clock);
  }

  /** Of all who need the records. */
  get names(): string[] {
    const { destinations, held } = this.#targets;
    return [...destinations.map(({ name }) => name), ...held];
  }

  get status(): SinkStatus[] {
    return this.#sinks.status;
  }

  /** A channel is to be delivered, also one that was left, and whose journal was opened again. */
  async join(channel: DeliveredChannel): Promise<void> {
    this.#channels.set(channel.journal.name, channel);
    if (!this.#isStarted) return;
    this.#hold([channel.journal]);
    await this.#exchangeFeeds();
  }

  /** Resolves when nothing reads from the channel's journal any more. */
  async leave(name: string): Promise<void> {
    if (this.#channels.delete(name)) await this.#exchangeFeeds();
  }

  start(): void {
    this.#isStarted = true;
    for (const destination of this.#targets.destinations) this.#add(destination);
    this.#hold(this.#journals);
    this.#sinks.start();
  }

  /**
   * From now on these are the targets. Sinks that are `changed` are made anew, after they had
   * `drainMs` for what is synced, and go on at their cursors.
   */
  change(
    targets: Targets,
    { changed, drainMs }: { readonly changed: ReadonlySet<string>; readonly drainMs: number },
  ): Promise<void> {
    return this.#inOrder(async () => {
      const before = this.#targets.destinations.map(({ name }) => name);
      this.#targets = targets;
      const wanted = targets.destinations.map(({ name }) => name);
      const leaving = before.filter((name) => changed.has(name) || !wanted.includes(name));
      await Promise.all(leaving.map((name) => this.#sinks.remove(name, drainMs)));
      for (const { shelf: { holders } } of this.#journals) {
        for (const name of before) if (!this.names.includes(name)) holders.remove(name);
      }
      for (const destination of targets.destinations) {
        const { name } = destination;
        if (leaving.includes(name) || !before.includes(name)) this.#add(destination);
      }
      this.#hold(this.#journals);
    });
  }

  /** Those that wait before their next attempt try again at once. */
  retry(): void {
    this.#sinks.retry();
  }

  /** Gives what is synced so much time to arrive where it can. */
  async drain(drainMs: number): Promise<void> {
    await this.#sinks.drain(drainMs);
  }

  async stop(): Promise<void> {
    await this.#inOrder(() => this.#sinks.stop());
  }

  get #journals(): Journal[] {
    return [...this.#channels.values()].map(({ journal }) => journal);
  }

  #add(destination: Destination): void {
    const { maxWaitMs } = this.#targets;
    this.#sinks.add({ destination, feeds: this.#feeds(destination) }, {
      ...this.#tools,
      maxWaitMs,
    });
  }

  #hold(journals: readonly Journal[]): void {
    for (const name of this.#targets.held) holdFor(name, journals, this.#tools);
  }

  #feeds({ subject }: Destination): Feed[] {
    return [...this.#channels.values()].map(({ port, journal }) => ({
      journal,
      subject: subject(port),
    }));
  }

  #exchangeFeeds(): Promise<void> {
    if (!this.#isStarted) return Promise.resolve();
    return this.#inOrder(async () => {
      await Promise.all(
        this.#targets.destinations.map((each) =>
          this.#sinks.exchange(each.name, this.#feeds(each))
        ),
      );
    });
  }

  /** What went wrong before keeps nobody from the next change. */
  #inOrder(change: () => Promise<void>): Promise<void> {
    const done = this.#work.then(change);
    this.#work = done.catch(() => {});
    return done;
  }
}
