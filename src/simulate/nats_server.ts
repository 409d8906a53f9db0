// A real nats-server with JetStream as a child of this process: what a site has on the box,
// for the demo and for tests that stop it, kill it, freeze it and start it again.

import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { GuardedProcess } from "./guarded_process.ts";

const startTimeoutMs = 15_000;
const stopTimeoutMs = 10_000;

/**
 * Below Linux's ephemeral range: a client that keeps connecting to a closed port of that
 * range can meet itself there, and then the server cannot have its port back.
 */
const ports = { lowest: 20_000, highest: 32_000 };

export interface NatsServerOptions {
  /** The executable: see `findNatsServer`. */
  readonly program: string;
  /** Holds the configuration file and JetStream's store; made when it is missing. */
  readonly storeFolder: string;
  /** @default {0, a free one, kept for every restart} */
  readonly port?: number;
  /** JetStream's `sync_interval`, such as `always` or `2s`; left out for servers before 2.10. */
  readonly syncInterval?: string;
  /** More lines for the `jetstream` block, such as `max_file_store: 1MB`. */
  readonly jetStreamConfiguration?: string;
  /** More lines for the configuration; `server_name` and `listen` are taken. */
  readonly configuration?: string;
  /** Stops the server. */
  readonly signal?: AbortSignal;
  /** @default {Math.random} */
  readonly random?: () => number;
}

/**
 * A server that answers from `start()` to `stop()` or `kill()`, and can be started again on
 * the same port and store. It goes down with this process, also when that is killed, where
 * util-linux is installed; Ctrl-C in the terminal does not reach it, so that this process
 * can finish its work first.
 */
export class NatsServer implements AsyncDisposable {
  #options: NatsServerOptions;
  readonly #name: string;
  readonly #log: string[] = [];
  #port: number;
  #process: GuardedProcess | undefined;

  /** Starts a server and waits until it answers and JetStream is up. @throws {Error} with its log. */
  static async start(options: NatsServerOptions): Promise<NatsServer> {
    const server = new NatsServer(options);
    await server.restart();
    return server;
  }

  private constructor(options: NatsServerOptions) {
    this.#options = { ...options, storeFolder: resolve(options.storeFolder) };
    this.#port = options.port ?? 0;
    this.#name = `nectar-${Deno.pid}-${Math.floor(this.#random() * 1e9)}`;
  }

  get port(): number {
    return this.#port;
  }

  /** As the server itself and its cluster call it. */
  get name(): string {
    return this.#name;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get running(): boolean {
    return this.#process?.running === true;
  }

  /** The last lines that the server wrote, over all its starts. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** Starts again after `stop()`, `kill()` or a crash; stops first when still running. */
  async restart(): Promise<void> {
    await this.stop();
    const attempts = this.#port === 0 ? 5 : 1;
    for (let attempt = 1;; attempt++) {
      this.#options.signal?.throwIfAborted();
      if (this.#port === 0) this.#port = this.#freePort();
      try {
        await this.#spawn();
        await this.#ready();
        return;
      } catch (cause) {
        await this.kill();
        const portTaken = this.#log.some((line) => line.includes("address already in use"));
        if (!portTaken || attempt >= attempts) throw cause;
        this.#log.length = 0;
        this.#port = 0;
      }
    }
  }

  /** SIGTERM: JetStream is written out before the server ends. */
  async stop(): Promise<void> {
    this.#process?.send("SIGCONT");
    this.#process?.send("SIGTERM");
    const timer = setTimeout(() => this.#process?.send("SIGKILL"), stopTimeoutMs);
    await this.#process?.ended;
    clearTimeout(timer);
  }

  /** SIGKILL: what a crash does. */
  async kill(): Promise<void> {
    this.#process?.send("SIGKILL");
    await this.#process?.ended;
  }

  /** SIGHUP, with other lines in `configuration`, once the server has taken them. */
  async reload(configuration: string): Promise<void> {
    this.#options = { ...this.#options, configuration };
    const isReloaded = (): boolean => this.#log.some((line) => line.includes("Reloaded server"));
    this.#log.length = 0;
    writeFileSync(this.#configurationFile, await this.#configuration());
    this.#process?.send("SIGHUP");
    const deadline = performance.now() + startTimeoutMs;
    while (!isReloaded()) {
      if (performance.now() > deadline) throw new Error(`reload nats-server: ${this.#lastWords()}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** SIGSTOP: connections stay open and nobody answers, once the promise has resolved. */
  async pause(): Promise<void> {
    await this.#process?.pause();
  }

  /** SIGCONT */
  resume(): void {
    this.#process?.send("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get #configurationFile(): string {
    return join(this.#options.storeFolder, "nats-server.conf");
  }

  #random(): number {
    return (this.#options.random ?? Math.random)();
  }

  async #spawn(): Promise<void> {
    const { program, storeFolder, signal } = this.#options;
    mkdirSync(storeFolder, { recursive: true });
    writeFileSync(this.#configurationFile, await this.#configuration());
    const args = ["-c", this.#configurationFile];
    const process = new GuardedProcess({ program, args, log: this.#log });
    this.#process = process;
    const stop = (): void => void this.stop();
    signal?.addEventListener("abort", stop);
    process.ended.then(() => signal?.removeEventListener("abort", stop));
  }

  async #ready(): Promise<void> {
    const deadline = performance.now() + startTimeoutMs;
    while (this.running) {
      this.#options.signal?.throwIfAborted();
      const information = await readInformation(this.#port);
      if (information.includes(`"${this.#name}"`) && information.includes('"jetstream":true')) {
        return;
      }
      if (performance.now() > deadline) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`start nats-server: ${this.#options.program}: ${this.#lastWords()}`);
  }

  #lastWords(): string {
    const state = this.running ? `no answer in ${startTimeoutMs} ms` : "it ended";
    return `${state}; its last lines:\n${this.#log.slice(-20).join("\n")}`;
  }

  async #configuration(): Promise<string> {
    const { storeFolder, syncInterval, jetStreamConfiguration, configuration } = this.#options;
    const syncLine = syncInterval !== undefined && await knowsSyncInterval(this.#options.program)
      ? `  sync_interval: ${JSON.stringify(syncInterval)}\n`
      : "";
    return `server_name: ${JSON.stringify(this.#name)}
listen: "127.0.0.1:${this.#port}"
jetstream {
  store_dir: ${JSON.stringify(storeFolder)}
${syncLine}${jetStreamConfiguration ?? ""}
}
${configuration ?? ""}
`;
  }

  #freePort(): number {
    for (let attempt = 0; attempt < 100; attempt++) {
      const port = Math.floor(ports.lowest + this.#random() * (ports.highest - ports.lowest));
      try {
        Deno.listen({ hostname: "127.0.0.1", port }).close();
        return port;
      } catch (cause) {
        if (!(cause instanceof Deno.errors.AddrInUse)) throw cause;
      }
    }
    throw new Error(`find a free port: ${ports.lowest}-${ports.highest}: all taken`);
  }
}

/** Whether a nats-server can be told when to sync. */
export async function knowsSyncInterval(program: string): Promise<boolean> {
  const output = await new Deno.Command(program, { args: ["--version"] }).output();
  const version = /v(\d+)\.(\d+)/.exec(new TextDecoder().decode(output.stdout));
  return Number(version?.[1]) * 1000 + Number(version?.[2]) >= 2010;
}

/** The greeting of whoever listens there, empty while nobody does. */
async function readInformation(port: number): Promise<string> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    let text = "";
    for await (const chunk of connection.readable.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes("\n")) break;
    }
    return text;
  } catch (cause) {
    if (
      cause instanceof Deno.errors.ConnectionRefused || cause instanceof Deno.errors.ConnectionReset
    ) {
      return "";
    }
    throw cause;
  }
}
