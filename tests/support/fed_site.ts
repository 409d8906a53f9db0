// A site whose ports are fed all the time while something happens to it, with an account of what was
// sent. Afterwards all of it is asked for: in the stream and in the logs, once and in order, but for
// what the collector itself has told to be lost.

import assert from "node:assert/strict";
import { NatsServer, type NatsServerOptions } from "../../src/simulate/nats_server.ts";
import { natsProgram } from "./nats_program.ts";
import { PortFeed } from "./port_feed.ts";
import { latin1, Site, type SiteOptions } from "./site.ts";
import { manage, readStream } from "./stream_contents.ts";
import { waitFor, waitForValue } from "./wait_for.ts";

/** `[1429010002][A1][2025-12-03 15:04:05.123] ` */
const headerBytes = 42;

export interface FedSiteOptions extends SiteOptions {
  /** Records a second, on each port. @default {500} */
  readonly rate?: number;
  /** The records' own bytes. @default {20 to 79} */
  readonly recordBytes?: number;
  /** How the server is configured. */
  readonly server?: Omit<NatsServerOptions, "program" | "storeFolder">;
  /** Called before the collector is started for the first time. */
  readonly prepare?: (site: Site) => void;
}

/** Sequences that the collector has told to be lost, both ends included. */
export interface ToldLoss {
  readonly from: number;
  readonly to: number;
}

/** `await using fed = await FedSite.start({ ports: 1 });` */
export class FedSite implements AsyncDisposable {
  readonly site: Site;
  /** One a port. */
  readonly feeds: readonly PortFeed[];
  #server: NatsServer | undefined;
  readonly #stack = new AsyncDisposableStack();

  /** Resolves when the collector captures and the ports are being fed. */
  static async start(options: FedSiteOptions): Promise<FedSite> {
    const fed = new FedSite(options);
    try {
      await fed.#serve(options);
      options.prepare?.(fed.site);
      await fed.site.collector.start();
      for (const feed of fed.feeds) feed.start();
      return fed;
    } catch (error) {
      await fed[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(options: FedSiteOptions) {
    this.site = this.#stack.use(new Site(options));
    this.feeds = this.site.terminals.map((terminal, port) =>
      new PortFeed({ terminal, port, ...options })
    );
    for (const feed of this.feeds) this.#stack.use(feed);
  }

  get server(): NatsServer {
    if (this.#server === undefined) throw new Error("ask for the server: there is none");
    return this.#server;
  }

  get pid(): number {
    const { pid } = this.site.collector;
    if (pid === undefined) throw new Error("ask for the collector: it is not running");
    return pid;
  }

  /** All that the collector has said. */
  get said(): string {
    return this.site.collector.log.join("\n");
  }

  /** Resolves when the collector says this, now or later. */
  async untilSaid(words: string, from = 0): Promise<void> {
    await waitFor(
      `the collector to say "${words}"`,
      () => this.site.collector.log.slice(from).some((line) => line.includes(words)),
      { timeoutMs: 20_000 },
    );
  }

  /** Resolves when all that was sent before the call, and another `count` on each port, is delivered. */
  async untilDelivered(what: string, count = 0): Promise<void> {
    const wanted = this.feeds.map(({ sent }) => sent.length + count);
    await waitForValue(
      what,
      () => this.#delivered(),
      (found) => wanted.every((number, port) => (found[port] ?? 0) >= number),
      { timeoutMs: 20_000, intervalMs: 50 },
    );
  }

  /** Resolves when so many more were sent on each port: the collector reads. */
  async untilSent(count: number): Promise<void> {
    const wanted = this.feeds.map(({ sent }) => sent.length + count);
    await waitFor(
      `${count} more records to be taken from each port`,
      () => wanted.every((number, port) => (this.feeds[port]?.sent.length ?? 0) >= number),
      { timeoutMs: 20_000 },
    );
  }

  /** What a port's logs must have, once all that was sent is in them. */
  sentLogBytes(port: number): number {
    const { sent = [] } = this.feeds[port] ?? {};
    return sent.reduce((sum, record) => sum + headerBytes + record.length + 1, 0);
  }

  async stopFeeding(): Promise<void> {
    await Promise.all(this.feeds.map((feed) => feed.stop()));
  }

  /**
   * Stops feeding, waits until all is delivered and on the disk, stops the collector, and asserts
   * that nothing is missing, nothing comes twice, and all is in order. Losses that the collector
   * told must be exactly what is missing in the stream.
   */
  async assertAllIsWell(
    options: {
      /** @default {true} */
      readonly onDisk?: boolean;
      /** @default {20,000} */
      readonly timeoutMs?: number;
    } = {},
  ): Promise<void> {
    const { onDisk = true, timeoutMs = 20_000 } = options;
    await this.stopFeeding();
    await this.#untilAllIsDelivered(timeoutMs);
    if (onDisk) await this.#untilAllIsOnTheDisk(timeoutMs);
    assert.equal(await this.site.collector.stop(), 0, "the collector stops as asked");
    const stored = await readStream(this.server.url, "cdr");
    assert.equal(new Set(stored.map(({ id }) => id)).size, stored.length, "no id comes twice");
    for (const [port, { sent }] of this.feeds.entries()) {
      const channel = this.site.channel(port);
      const mine = stored.filter(({ headers }) => headers["Nectar-Channel"] === channel);
      const lines = mine.map(({ payload }) => latin1(payload)).join("");
      const lost = this.losses(port);
      const kept = sent.filter((_, i) => !lost.some(({ from, to }) => i + 1 >= from && i < to));
      assert.deepEqual(withoutHeaders(lines), kept, `port ${port}: the stream holds what was sent`);
      if (!onDisk) continue;
      assert.equal(
        this.site.logText(port),
        lines,
        `port ${port}: the logs hold the stream's lines`,
      );
    }
  }

  /** What the collector has told to be lost of a port, in order, ranges that touch joined. */
  losses(port: number): ToldLoss[] {
    const pattern = /(\S+): records (\d+)–(\d+) are lost before delivery/;
    const told = this.site.collector.log.flatMap((line) => {
      const [, channel, from, to] = pattern.exec(line) ?? [];
      return channel === this.site.channel(port) ? [{ from: Number(from), to: Number(to) }] : [];
    });
    const joined: ToldLoss[] = [];
    for (const { from, to } of told.sort((a, b) => a.from - b.from)) {
      const last = joined.at(-1);
      assert.ok(last === undefined || last.to < from, `record ${from} is told to be lost twice`);
      if (last?.to === from - 1) joined.splice(-1, 1, { from: last.from, to });
      else joined.push({ from, to });
    }
    return joined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #serve({ server }: FedSiteOptions): Promise<void> {
    const storeFolder = this.site.folder.join("nats");
    this.#server = await NatsServer.start({ program: natsProgram, ...server, storeFolder });
    this.#stack.use(this.#server);
    this.site.useServer(this.#server.url);
  }

  async #untilAllIsDelivered(timeoutMs: number): Promise<void> {
    await waitForValue(
      "everything that was sent to be in the stream, or told to be lost",
      async () => {
        const found = await this.#delivered();
        return this.feeds.map(({ sent }, port) => {
          const lost = this.losses(port).reduce((sum, { from, to }) => sum + to - from + 1, 0);
          return sent.length - lost - (found[port] ?? 0);
        });
      },
      (missing) => missing.every((count) => count === 0),
      { timeoutMs, intervalMs: 100 },
    );
  }

  async #untilAllIsOnTheDisk(timeoutMs: number): Promise<void> {
    await waitForValue(
      "everything that was sent to be in the logs",
      () => this.feeds.map(({ sent }, port) => sent.length - this.site.records(port).length),
      (missing) => missing.every((count) => count === 0),
      { timeoutMs, intervalMs: 50 },
    );
  }

  /** Messages in the stream, by port. */
  async #delivered(): Promise<number[]> {
    if (this.feeds.length > 1) {
      const stored = await readStream(this.server.url, "cdr");
      const channels = stored.map(({ headers }) => headers["Nectar-Channel"]);
      return this.feeds.map((_, port) =>
        channels.filter((channel) => channel === this.site.channel(port)).length
      );
    }
    const count = await manage(
      this.server.url,
      async (manager) => (await manager.streams.info("cdr")).state.messages,
    );
    return [count];
  }
}

/** The records in lines as they stand in a log. */
function withoutHeaders(lines: string): string[] {
  return lines.split("\n").slice(0, -1)
    .map((line) => line.replace(/^\[\d{10}\]\[A\d+\]\[[^\]]*\] /, ""));
}
