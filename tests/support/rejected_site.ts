// A site whose password the server rejects, attempt after attempt, while its port is fed; until the
// right one is put in the file.

import { readFileSync, writeFileSync } from "node:fs";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { FedSite } from "./fed_site.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

/** Who gives no name reads along. */
const configuration = `
  accounts {
    site {
      jetstream: enabled
      users [{ user: "box", password: "right" }, { user: "reader", password: "right" }]
    }
    system { users [{ user: "system", password: "right" }] }
  }
  system_account: system
  no_auth_user: reader`;

export class RejectedSite implements AsyncDisposable {
  readonly fed: FedSite;
  readonly #passwordFile: string;
  readonly #connection: NatsConnection;
  readonly #stack: AsyncDisposableStack;

  /** Resolves when the collector captures and has been rejected. */
  static async start(options: {
    /** Records a second. */
    readonly rate: number;
    /** Longest pause between two attempts, as configured. */
    readonly pauseMs: number;
  }): Promise<RejectedSite> {
    await using stack = new AsyncDisposableStack();
    const passwordFile = stack.use(new TemporaryFolder()).join("password");
    writeFileSync(passwordFile, "wrong\n");
    const fed = stack.use(
      await FedSite.start({
        ports: 1,
        rate: options.rate,
        server: { configuration },
        nats: {
          user: "box",
          password_file: passwordFile,
          reconnect_wait_sec: options.pauseMs / 1000,
        },
      }),
    );
    await fed.untilSaid("unauthorized");
    const connection = await connect({ servers: fed.server.url, user: "system", pass: "right" });
    stack.defer(() => connection.close());
    return new RejectedSite(fed, passwordFile, connection, stack.move());
  }

  private constructor(
    fed: FedSite,
    passwordFile: string,
    connection: NatsConnection,
    stack: AsyncDisposableStack,
  ) {
    this.fed = fed;
    this.#passwordFile = passwordFile;
    this.#connection = connection;
    this.#stack = stack;
  }

  /** Connections that the server has had so far, nearly all of them rejected. */
  async connections(): Promise<number> {
    const reply = await this.#connection.request("$SYS.REQ.SERVER.PING.VARZ");
    return reply.json<{ data: { total_connections: number } }>().data.total_connections;
  }

  /** Errors that escaped the NATS client and that the collector caught. */
  get strayErrors(): number {
    return this.fed.site.collector.log.filter((line) => line.includes("stray error")).length;
  }

  /** Of the collector, in MB. */
  get residentMb(): number {
    const status = readFileSync(`/proc/${this.fed.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  }

  /** Puts the right password in the file. */
  admit(): void {
    writeFileSync(this.#passwordFile, "right\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
