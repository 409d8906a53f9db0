// All channels of a collector, each under its own supervisor: opened, started and stopped together,
// and each for itself when its port's configuration changes.

import type { Config, EnabledPort } from "../config/config.ts";
import type { Journal } from "../journal/journal.ts";
import { errorText } from "../platform/notice.ts";
import { channelName } from "../record.ts";
import { recoveryBackoff } from "./channel_context.ts";
import type { ChannelStatus } from "./channel_status.ts";
import { openChannel, type SharedContext } from "./open_channel.ts";
import { Supervisor } from "./supervisor.ts";

/** Who reads from the journals. */
export interface JournalReaders {
  /** Names of all who need the records. */
  readonly names: readonly string[];
  join(channel: { readonly port: EnabledPort; readonly journal: Journal }): Promise<void>;
  /** Resolves when nobody reads from the channel's journal any more. */
  leave(name: string): Promise<void>;
}

/** A channel as others may see it. */
export interface SeenChannel {
  readonly port: EnabledPort;
  readonly status: ChannelStatus;
}

interface Supervised {
  readonly port: EnabledPort;
  readonly supervisor: Supervisor;
}

export type SetContext = Omit<SharedContext, "sinkNames" | "asRead">;

export class ChannelSet {
  readonly #readers: JournalReaders;
  readonly #supervised = new Map<string, Supervised>();
  #context: SetContext;

  constructor(context: SetContext, readers: JournalReaders) {
    this.#context = context;
    this.#readers = readers;
  }

  get journals(): Journal[] {
    return this.#all.flatMap(({ supervisor: { journal } }) => journal ?? []);
  }

  get seen(): SeenChannel[] {
    return this.#all.map(({ port, supervisor: { status } }) => ({ port, status }));
  }

  /** What is wrong until somebody mends it, or until it has passed. */
  get conditions(): string[] {
    return this.#all.flatMap(({ supervisor: { condition } }) => condition ?? []);
  }

  /** Opens the channels of these ports. @throws {Error} what one threw, when none could be opened */
  async open(ports: readonly EnabledPort[]): Promise<void> {
    const refusals: unknown[] = [];
    for (const port of ports) {
      const opening = await this.#open(port);
      if (opening.kind === "refused") refusals.push(opening.error);
    }
    if (refusals.length > 0 && this.journals.length === 0) throw refusals[0];
  }

  start(): void {
    for (const { supervisor } of this.#all) supervisor.start();
  }

  /** Channels that are opened from now on, also again, are as `config` says. */
  reconfigure(config: Config): void {
    this.#context = { ...this.#context, config };
  }

  /** Stops a port's channel, and forgets it. */
  async remove(port: EnabledPort): Promise<void> {
    const name = nameOf(port);
    const found = this.#supervised.get(name);
    if (found === undefined) return;
    await found.supervisor.stop();
    await this.#readers.leave(name);
    await found.supervisor.close();
    this.#supervised.delete(name);
    if (port.type === "serial") this.#context.ports.release(port.device);
  }

  /** Opens and starts a channel more. */
  async add(port: EnabledPort): Promise<void> {
    await this.#open(port);
    this.#supervised.get(nameOf(port))?.supervisor.start();
  }

  /** Records of this port's channel, which goes on, have another subject. */
  async readdress(port: EnabledPort): Promise<void> {
    const found = this.#supervised.get(nameOf(port));
    if (found === undefined) return;
    this.#supervised.set(nameOf(port), { ...found, port });
    const { journal } = found.supervisor;
    if (journal !== null) await this.#readers.join({ port, journal });
  }

  /** Stops all; their journals stay readable until `close`. */
  async stop(): Promise<void> {
    await Promise.all(this.#all.map(({ supervisor }) => supervisor.stop()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map(({ supervisor }) => supervisor.close()));
  }

  get #all(): Supervised[] {
    return [...this.#supervised.values()];
  }

  async #open(port: EnabledPort): Promise<Awaited<ReturnType<Supervisor["open"]>>> {
    const name = nameOf(port);
    const { clock, report, config } = this.#context;
    const supervisor = new Supervisor({
      name,
      source: port.type === "serial" ? port.device : port.type,
      open: ({ asRead }) =>
        openChannel(port, { ...this.#context, sinkNames: this.#readers.names, asRead }),
      // A channel is opened again whatever is wrong with delivery.
      leaving: () => this.#readers.leave(name).catch((error) => this.#tell(name, error)),
      joined: (journal) => this.#join(name, journal),
      backoff: recoveryBackoff(config),
      clock,
      report,
    });
    const opening = await supervisor.open();
    this.#supervised.set(name, { port, supervisor });
    if (supervisor.journal !== null) this.#join(name, supervisor.journal);
    return opening;
  }

  /** Capture waits for no reader. */
  #join(name: string, journal: Journal): void {
    const port = this.#supervised.get(name)?.port;
    if (port === undefined) return;
    this.#readers.join({ port, journal }).catch((error) => this.#tell(name, error));
  }

  #tell(name: string, error: unknown): void {
    const message = `${name}: change who delivers from the journal: ${errorText(error)}`;
    this.#context.report({ level: "error", kind: "error", channel: name, message });
  }
}

function nameOf({ fips_code: fips, side_designation: side }: EnabledPort): string {
  return channelName({ fips, side });
}
