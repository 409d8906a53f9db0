// A box and its nats-server: journals, a sink that can be stopped and started anew, and what the
// sink has reported.

import { rmSync } from "node:fs";
import type { ServerOptions } from "../../src/delivery/connection.ts";
import { type Access, NatsStreams } from "../../src/delivery/nats_streams.ts";
import { Sink } from "../../src/delivery/sink.ts";
import type { WantedStream } from "../../src/delivery/streams.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { NatsServer, type NatsServerOptions } from "../../src/simulate/nats_server.ts";
import { FedJournal } from "./fed_journal.ts";
import { natsProgram } from "./nats_program.ts";
import { neverRenewed } from "./same_identity.ts";
import { assertDelivered, readStream } from "./stream_contents.ts";
import { StrayErrors } from "./stray_errors.ts";
import { TemporaryFolder } from "./temporary_folder.ts";
import { waitForValue } from "./wait_for.ts";

export interface DeliverySiteOptions {
  readonly server?: Omit<NatsServerOptions, "program" | "storeFolder">;
  /** Where the server keeps its streams. @default {in the site's folder} */
  readonly storePath?: string;
  /** Side designations of the channels. @default {["A1"]} */
  readonly sides?: readonly string[];
  /** @default {{ name: "cdr", subjects: ["ks.cdr.>"] }} */
  readonly wantedStream?: WantedStream | null;
  /** The subject of a side. @default {"ks.cdr.test" for all} */
  readonly subject?: (side: string) => string;
}

const usualStream: WantedStream = { name: "cdr", subjects: ["ks.cdr.>"] };

export class DeliverySite implements AsyncDisposable {
  readonly server: NatsServer;
  journals: readonly FedJournal[];
  readonly notices: Notice[] = [];
  readonly strays = new StrayErrors();
  /** How the sink connects from now on. */
  connection: () => ServerOptions;
  /** How the next sink finds its servers. */
  access: Access = {
    servers: () => Promise.resolve([this.connection()]),
    renewed: neverRenewed,
  };
  readonly #folder: TemporaryFolder;
  readonly #options: DeliverySiteOptions;
  #sink: Sink | null = null;

  /** The server runs, the sink does not yet. */
  static async open(options: DeliverySiteOptions = {}): Promise<DeliverySite> {
    const folder = new TemporaryFolder();
    const storeFolder = options.storePath ?? folder.join("store");
    const server = await NatsServer.start({ program: natsProgram, ...options.server, storeFolder });
    const journals = await openJournals(folder, options);
    return new DeliverySite(folder, server, journals, options);
  }

  private constructor(
    folder: TemporaryFolder,
    server: NatsServer,
    journals: readonly FedJournal[],
    options: DeliverySiteOptions,
  ) {
    this.#folder = folder;
    this.#options = options;
    this.server = server;
    this.journals = journals;
    this.connection = () => ({ servers: server.url });
  }

  /** The first journal. */
  get fed(): FedJournal {
    const [first] = this.journals;
    if (first === undefined) throw new Error("no journal");
    return first;
  }

  get sink(): Sink {
    if (this.#sink === null) throw new Error("no sink is running");
    return this.#sink;
  }

  get cursorPath(): string {
    return this.#folder.join("cursors-test.json");
  }

  get storePath(): string {
    return this.#options.storePath ?? this.#folder.join("store");
  }

  /** Closes the journals and opens what then stands in their place. */
  async reopenJournals(change: () => void): Promise<void> {
    for (const fed of this.journals) await fed[Symbol.asyncDispose]();
    change();
    this.journals = await openJournals(this.#folder, this.#options);
  }

  join(...parts: string[]): string {
    return this.#folder.join(...parts);
  }

  startSink(): Sink {
    const { wantedStream = usualStream, subject = () => "ks.cdr.test" } = this.#options;
    this.#sink = new Sink({
      name: "test",
      server: new NatsStreams(this.access),
      feeds: this.journals.map(({ journal }) => ({
        journal,
        subject: subject(journal.name.split("-")[1] ?? ""),
      })),
      wantedStream,
      statePath: this.#folder.path,
      maxWaitMs: 200,
      disk: systemDisk,
      clock: systemClock,
      random: Math.random,
      report: (notice) => this.notices.push(notice),
    });
    this.#sink.start();
    return this.#sink;
  }

  async stopSink(): Promise<void> {
    await this.#sink?.stop();
    this.#sink = null;
  }

  loseCursors(): void {
    rmSync(this.cursorPath);
  }

  kinds(): string[] {
    return this.notices.map(({ kind }) => kind);
  }

  /** Waits until the sink says that it stands so. */
  async state(wanted: Sink["status"]["state"], timeoutMs = 10_000): Promise<void> {
    const status = (): Sink["status"] => this.sink.status;
    await waitForValue(`state ${wanted}`, status, ({ state }) => state === wanted, { timeoutMs });
  }

  /** Waits until all that was fed is acknowledged. */
  async caughtUp(timeoutMs = 20_000): Promise<void> {
    await Promise.all(this.journals.map(({ journal }) => journal.sync()));
    await waitForValue(
      "the sink to catch up",
      () => ({ caughtUp: this.sink.caughtUp, ...this.sink.status }),
      ({ caughtUp }) => caughtUp,
      { timeoutMs },
    );
  }

  /** Asserts that the stream holds what the journals hold: each record once, in order. */
  async assertDelivered(setAside: readonly number[] = []): Promise<void> {
    await assertDelivered(await readStream(this.server.url, "cdr"), this.journals, setAside);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopSink();
    for (const fed of this.journals) await fed[Symbol.asyncDispose]();
    await this.server.stop();
    this.strays[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }
}

function openJournals(
  folder: TemporaryFolder,
  { sides = ["A1"] }: DeliverySiteOptions,
): Promise<FedJournal[]> {
  return Promise.all(
    sides.map((side) =>
      FedJournal.open({ folder: folder.path, channel: { fips: "1429010002", side } })
    ),
  );
}
