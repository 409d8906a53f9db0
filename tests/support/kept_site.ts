// A box as it stands on the disk after some time of service, for commands that look in from outside:
// a configuration, journals of small segments that are packed once delivered, cursors and a
// nats-server. The stream can be written anew, as nobody ever should.

import { jetstream } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import type { Command } from "commander";
import { loadConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/config.ts";
import { destinations } from "../../src/delivery/destinations.ts";
import { Identity } from "../../src/delivery/identity.ts";
import { NatsStreams } from "../../src/delivery/nats_streams.ts";
import { Sink } from "../../src/delivery/sink.ts";
import { Journal } from "../../src/journal/journal.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { channelName } from "../../src/record.ts";
import { RecordingTerminal } from "../cli/recording_terminal.ts";
import { feed, journalOf, plentyOfRoom } from "./journal_box.ts";
import { natsProgram } from "./nats_program.ts";
import { manage, readStream, type StoredMessage, withConnection } from "./stream_contents.ts";
import { TemporaryFolder } from "./temporary_folder.ts";
import { waitFor } from "./wait_for.ts";

export const fips = "1429010002";
export const subject = `ks.cdr.${fips}`;

export interface KeptSiteOptions {
  /** @default {["A1"]} */
  readonly sides?: readonly string[];
  /** Rotated segments that are kept. @default {1000} */
  readonly maxBackups?: number;
  /** Of the journals' files. @default {2000} */
  readonly segmentBytes?: number;
  /** More keys of the stream, which is made by the sink without them. */
  readonly stream?: Readonly<Record<string, number>>;
}

/** Records between two syncs. */
const feedStep = 10;

export class KeptSite implements AsyncDisposable {
  readonly server: NatsServer;
  readonly journals: readonly Journal[];
  readonly #config: Config;
  readonly #folder: TemporaryFolder;
  #sink: Sink | null = null;
  #fed = 0;

  static async open(options: KeptSiteOptions = {}): Promise<KeptSite> {
    const { sides = ["A1"], maxBackups = 1000, segmentBytes = 2000, stream } = options;
    const folder = new TemporaryFolder("kept");
    const storeFolder = folder.join("store");
    const server = await NatsServer.start({ program: natsProgram, storeFolder });
    const file = folder.join("config.json");
    Deno.writeTextFileSync(
      file,
      JSON.stringify({
        app: { instance_id: "test", fips_code: fips },
        ports: sides.map((side) => ({
          device: `/dev/tty${side}`,
          side_designation: side,
          enabled: true,
        })),
        nats: { url: server.url, subject_prefix: "ks.cdr" },
        logging: { base_path: folder.join("log") },
        journal: { state_path: folder.join("state") },
      }),
    );
    Deno.mkdirSync(folder.join("state"));
    const loaded = await loadConfig(file);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    if (stream !== undefined) {
      await manage(server.url, async (manager) => {
        await manager.streams.add({ name: "cdr", subjects: ["ks.cdr.>"], ...stream });
      });
    }
    const journals = await Promise.all(sides.map((side) => {
      const channel = { fips, side };
      return Journal.open({
        ...journalOf(channel),
        folder: folder.join("log"),
        ...plentyOfRoom(folder.join("tail")),
        statePath: folder.join("state", `${channelName(channel)}.journal.json`),
        boot: "one",
        maxSegmentBytes: segmentBytes,
        maxBackups,
        compress: true,
        holders: ["nats"],
        sync: 5,
        disk: systemDisk,
        clock: systemClock,
        report: () => {},
      });
    }));
    return new KeptSite({ folder, server, journals, config: loaded.config });
  }

  private constructor(parts: {
    readonly folder: TemporaryFolder;
    readonly server: NatsServer;
    readonly journals: readonly Journal[];
    readonly config: Config;
  }) {
    this.#folder = parts.folder;
    this.server = parts.server;
    this.journals = parts.journals;
    this.#config = parts.config;
  }

  /** A path in the site's folder: `log`, `state`, `config.json`. */
  join(...names: string[]): string {
    return this.#folder.join(...names);
  }

  /** Appends so many records to each journal, all different, read at that time; returns them. */
  feed(count: number, atMs?: number): string[] {
    const fed: string[] = [];
    for (let i = 0; i < count; i++) {
      this.#fed += 1;
      for (const journal of this.journals) {
        const text = `${journal.name} call ${this.#fed} ${"x".repeat(this.#fed % 40)}`;
        feed(journal, `${text}\r\n`, atMs);
        fed.push(text);
      }
    }
    return fed;
  }

  /** Appends one record to each journal. */
  feedText(text: string): void {
    for (const journal of this.journals) feed(journal, `${text}\r\n`);
  }

  /** Feeds and delivers until `use` is through; segments are packed by the time it begins. */
  async whileFed(use: () => Promise<void>): Promise<void> {
    let isOver = false;
    this.startSink();
    const feeding = (async () => {
      while (!isOver) {
        this.feed(20);
        await this.sync();
      }
    })();
    try {
      // Few live long enough to be packed: a sink lets go of them once a second.
      const isPacked = (): boolean => this.files(".log.gz").length > 2;
      await waitFor("packed segments", isPacked, { timeoutMs: 60_000 });
      await use();
    } finally {
      isOver = true;
      await feeding;
    }
  }

  startSink(): void {
    for (const destination of destinations(this.#config)) {
      const { name, subject, wantedStream } = destination;
      const identity = new Identity({ destination, clock: systemClock, report: () => {} });
      this.#sink = new Sink({
        name,
        server: new NatsStreams(identity),
        feeds: this.journals.map((journal) => ({ journal, subject: subject({ fips_code: fips }) })),
        wantedStream,
        statePath: this.#config.journal.state_path,
        maxWaitMs: 200,
        disk: systemDisk,
        clock: systemClock,
        random: Math.random,
        report: () => {},
      });
      this.#sink.start();
    }
  }

  /** Feeds and delivers so many, and stops the sink: the cursors are saved. */
  async deliver(count: number): Promise<void> {
    this.startSink();
    for (let left = count; left > 0; left -= feedStep) {
      this.feed(Math.min(left, feedStep));
      await this.sync();
    }
    await waitFor("the sink to catch up", () => this.#sink?.caughtUp === true);
    await this.stopSink();
  }

  async sync(): Promise<void> {
    await Promise.all(this.journals.map((journal) => journal.sync()));
  }

  async stopSink(): Promise<void> {
    await this.#sink?.stop();
    this.#sink = null;
  }

  /** Names in the log folder that end so. */
  files(ending: string): string[] {
    return Array.from(Deno.readDirSync(this.join("log")), ({ name }) => name)
      .filter((name) => name.endsWith(ending)).sort();
  }

  /** Waits until every rotated log is packed. */
  async packed(): Promise<void> {
    const isPacked = (): boolean =>
      this.files(".tmp").length === 0 && this.files("Z.log").length === 0 &&
      this.files(".log.gz").length === this.files("Z.idx").length;
    await waitFor("the logs to be packed", isPacked);
  }

  /** Puts other messages into the stream's place. */
  async rewrite(change: (messages: StoredMessage[]) => readonly StoredMessage[]): Promise<void> {
    const messages = change(await readStream(this.server.url, "cdr"));
    await manage(this.server.url, async (manager) => {
      const { config } = await manager.streams.info("cdr");
      await manager.streams.delete("cdr");
      await manager.streams.add({ ...config, duplicate_window: 100_000_000 });
    });
    for (const message of messages) await this.publish(message);
  }

  /** Publishes a message as it is, also one that the server has just had. */
  async publish({ payload, headers: fields }: Pick<StoredMessage, "payload" | "headers">): Promise<
    void
  > {
    await withConnection(this.server.url, async (connection) => {
      const messageHeaders = headers();
      for (const [name, value] of Object.entries(fields)) messageHeaders.set(name, value);
      const client = jetstream(connection);
      await waitFor(
        "the server to take the message",
        async () =>
          !(await client.publish(subject, payload, { headers: messageHeaders })).duplicate,
      );
    });
  }

  /** Runs a command on the site's configuration, in this process. */
  async run(
    command: (terminal: RecordingTerminal) => Command,
    ...args: string[]
  ): Promise<RecordingTerminal> {
    const terminal = new RecordingTerminal();
    await command(terminal).parseAsync([...args, "--config", this.join("config.json")], {
      from: "user",
    });
    return terminal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopSink();
    for (const journal of this.journals) await journal.close();
    await this.server.stop();
    this.#folder[Symbol.dispose]();
  }
}
