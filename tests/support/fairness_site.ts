// The box of the fairness report: sixteen ports at full line speed whose records carry the time at
// which they were sent, two HTTP feeds, one port that can be flooded, and an ear at the server that
// hears when each record arrives there.

import { Buffer } from "node:buffer";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { Libc } from "../../src/platform/libc.ts";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { PseudoTerminal } from "../../src/simulate/pseudo_terminal.ts";
import { CollectorProcess } from "./collector_process.ts";
import { Flood, type FloodPattern } from "./flood.ts";
import { freePort } from "./free_port.ts";
import { natsProgram } from "./nats_program.ts";
import { TemporaryFolder } from "./temporary_folder.ts";
import { TimedPosts } from "./timed_posts.ts";
import { waitForValue } from "./wait_for.ts";

const fips = "1429010002";
/** Of the flooded port, so that it has a subject of its own. */
const floodFips = "1429010003";
/** Of the posts. */
const postFips = "1429010004";
const ports = 16;
const feeds = 2;
/** Between an answer and the next post. */
const postPauseMs = 20;
/** 115 bytes each: 115,200 baud. */
const recordsPerSecond = 100;
const recordBytes = 113;
const tickMs = 10;

/** How long records took, in ms. */
export interface Latencies {
  /** From the line to the turn in which they were read. */
  readonly read: number[];
  /** From the line to the server. */
  readonly delivered: number[];
  /** From a post to its answer. */
  readonly answered: number[];
}

export interface FairnessOptions {
  readonly pattern: FloodPattern;
  /** Merged into the flooded port's entry of the configuration. */
  readonly floodKeys?: Record<string, unknown>;
  /** Merged into the section `journal`. */
  readonly journal?: Record<string, unknown>;
}

export class FairnessSite implements AsyncDisposable {
  readonly folder = new TemporaryFolder("fairness");
  readonly #libc = new Libc();
  readonly #terminals: PseudoTerminal[] = [];
  readonly #sent: number[] = Array.from({ length: ports }, () => 0);
  readonly #heard: number[] = Array.from({ length: ports }, () => 0);
  readonly #stack = new AsyncDisposableStack();
  readonly #read: number[] = [];
  readonly #delivered: number[] = [];
  readonly #posts: TimedPosts[] = [];
  #postsHeard = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #parts: { flood: Flood; server: NatsServer; collector: CollectorProcess } | null = null;
  /** What arrived out of its order, or twice. */
  readonly wrong: string[] = [];

  static async start(options: FairnessOptions): Promise<FairnessSite> {
    const site = new FairnessSite();
    try {
      await site.#start(options);
      return site;
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
  }

  get flood(): Flood {
    return this.#all.flood;
  }

  get pid(): number {
    return this.#all.collector.pid ?? 0;
  }

  get url(): string {
    return this.#all.server.url;
  }

  /** Records sent on the sixteen ports. */
  get sent(): number {
    return this.#sent.reduce((sum, count) => sum + count, 0);
  }

  /** Of these, as many as the server has told of. */
  get heard(): number {
    return this.#heard.reduce((sum, count) => sum + count, 0);
  }

  /** All that the collector has said. */
  get said(): readonly string[] {
    return this.#all.collector.log;
  }

  /** How long the records took that arrived since the last call. */
  takeLatencies(): Latencies {
    return {
      read: this.#read.splice(0),
      delivered: this.#delivered.splice(0),
      answered: this.#posts.flatMap((posts) => posts.takeLatencies()),
    };
  }

  /** Posts that were answered with 200. */
  get posted(): number {
    return this.#posts.reduce((sum, { answered }) => sum + answered, 0);
  }

  /** Stops the lines and the posts, and resolves when all that they sent is heard at the server. */
  async stopLines(timeoutMs: number): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#posts.map((posts) => posts.stop()));
    this.wrong.push(...this.#posts.flatMap(({ wrong }) => wrong));
    await waitForValue(
      "all records at the server",
      () => [this.sent - this.heard, this.posted - this.#postsHeard],
      (missing) => missing.every((count) => count === 0),
      { timeoutMs },
    );
  }

  /** Records of the flooded port that are captured, as far as the journal's index tells. */
  floodCaptured(): number {
    const names = [...Deno.readDirSync(this.folder.join("log"))].map(({ name }) => name);
    return names.filter((name) => name.startsWith(floodFips) && name.endsWith(".idx"))
      .reduce((sum, name) => sum + Deno.statSync(this.folder.join("log", name)).size / 32, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#stack.disposeAsync();
    for (const terminal of this.#terminals) terminal.unplug();
    this.#libc[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }

  get #all(): { flood: Flood; server: NatsServer; collector: CollectorProcess } {
    if (this.#parts === null) throw new Error("use the site: it is not started");
    return this.#parts;
  }

  async #start({ pattern, floodKeys, journal }: FairnessOptions): Promise<void> {
    const { folder } = this;
    const devices = Array.from({ length: ports }, (_, i) => folder.join(`tty${i}`));
    for (const link of devices) {
      this.#terminals.push(new PseudoTerminal({ libc: this.#libc, link }));
    }
    const link = folder.join("flood");
    const flood = this.#stack.use(await Flood.plug({ link, pattern, seed: 1 }));
    const server = this.#stack.use(
      await NatsServer.start({ program: natsProgram, storeFolder: folder.join("nats") }),
    );
    const port = freePort();
    const paths = Array.from({ length: feeds }, (_, i) => `/feed${i + 1}`);
    const config = {
      app: { instance_id: "test-site", fips_code: fips },
      ports: [
        ...[
          ...devices.map((device, i) => ({ device, side_designation: `A${i + 1}` })),
          { device: link, side_designation: "B1", fips_code: floodFips, ...floodKeys },
        ].map((serial) => ({ baud_rate: 115_200, enabled: true, ...serial })),
        ...paths.map((path, i) => ({
          type: "http",
          path,
          listen_port: port,
          side_designation: `B${i + 2}`,
          fips_code: postFips,
          enabled: true,
        })),
      ],
      nats: { url: server.url, subject_prefix: "ut.cdr" },
      logging: { base_path: folder.join("log") },
      journal: { state_path: folder.join("state"), ...journal },
    };
    const file = folder.join("config.json");
    Deno.writeTextFileSync(file, JSON.stringify(config));
    await this.#listen(server.url);
    const collector = this.#stack.use(new CollectorProcess(file, folder.join("run")));
    this.#parts = { flood, server, collector };
    await collector.start();
    for (const path of paths) {
      const posts = new TimedPosts({
        url: `http://127.0.0.1:${port}${path}`,
        pauseMs: postPauseMs,
      });
      this.#posts.push(this.#stack.use(posts));
      posts.start();
    }
    const startMs = performance.now();
    this.#timer = setInterval(() => this.#send(performance.now() - startMs), tickMs);
  }

  #send(passedMs: number): void {
    const due = Math.floor(passedMs * recordsPerSecond / 1000);
    for (const [port, terminal] of this.#terminals.entries()) {
      for (let number = this.#sent[port] ?? 0; number < due; number++) {
        const text = `${port} ${number} ${Date.now()} 5555550142 `.padEnd(recordBytes, "x");
        terminal.write(new TextEncoder().encode(`${text}\r\n`));
        this.#sent[port] = number + 1;
      }
    }
  }

  async #listen(url: string): Promise<void> {
    const connection: NatsConnection = await connect({ servers: url });
    this.#stack.defer(() => connection.close());
    connection.subscribe(`ut.cdr.${fips}`, {
      callback: (_error, { data }) => this.#hear(Buffer.from(data).toString("latin1"), Date.now()),
    });
    connection.subscribe(`ut.cdr.${postFips}`, { callback: () => void (this.#postsHeard += 1) });
    await connection.flush();
  }

  #hear(line: string, nowMs: number): void {
    const [, read = "", body = ""] = /^\[\d+\]\[\w+\]\[([^\]]*)\] (.*)/.exec(line) ?? [];
    const [port = -1, number = -1, sentMs = 0] = body.split(" ").map(Number);
    if (number !== this.#heard[port]) this.wrong.push(line.slice(0, 80));
    this.#heard[port] = (this.#heard[port] ?? 0) + 1;
    this.#read.push(Date.parse(`${read}Z`) - sentMs);
    this.#delivered.push(nowMs - sentMs);
  }
}
