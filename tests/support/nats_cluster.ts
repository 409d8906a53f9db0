// Three nats-servers that keep streams together, and lose a leader as clusters do.

import type { StreamConfig } from "@nats-io/jetstream";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram } from "./nats_program.ts";
import { manage, withConnection } from "./stream_contents.ts";
import { waitForValue } from "./wait_for.ts";

const size = 3;

/** Below Linux's ephemeral range; see NatsServer. */
const routePorts = { lowest: 32_000, highest: 32_700 };

export interface NatsClusterOptions {
  /** Gets a folder for each server. */
  readonly folder: string;
  /** @default {"always"} */
  readonly syncInterval?: string;
}

/** `await using cluster = await NatsCluster.start({ folder });` */
export class NatsCluster implements AsyncDisposable {
  readonly servers: readonly NatsServer[];

  static async start(options: NatsClusterOptions): Promise<NatsCluster> {
    const { folder, syncInterval = "always" } = options;
    const routes = freePorts();
    const all = routes.map((port) => `"nats-route://127.0.0.1:${port}"`).join(", ");
    const servers = await Promise.all(routes.map((port, i) =>
      NatsServer.start({
        program: natsProgram,
        storeFolder: `${folder}/server-${i}`,
        syncInterval,
        configuration: `cluster { name: box, listen: "127.0.0.1:${port}", routes: [${all}] }`,
      })
    ));
    return new NatsCluster(servers);
  }

  private constructor(servers: readonly NatsServer[]) {
    this.servers = servers;
  }

  /** Makes a stream that all servers keep; resolves when they do. */
  async addStream(config: Partial<StreamConfig> & { readonly name: string }): Promise<void> {
    await waitForValue(
      `stream ${config.name} on ${size} servers`,
      () => this.#manage((manager) => manager.streams.add({ ...config, num_replicas: size })),
      ({ cluster }) => cluster?.leader !== undefined && cluster.replicas?.length === size - 1,
      { timeoutMs: 30_000, intervalMs: 100 },
    );
    await this.leader(config.name);
  }

  /** The server that leads a stream, once there is one that says so. */
  async leader(stream: string): Promise<NatsServer> {
    const name = await waitForValue(
      `a leader of stream ${stream}`,
      async () => (await this.#manage((manager) => manager.streams.info(stream))).cluster?.leader,
      (found) => this.servers.some((server) => server.running && server.name === found),
      { timeoutMs: 30_000, intervalMs: 50 },
    );
    const leader = this.servers.find((server) => server.name === name);
    if (leader === undefined) throw new Error(`find the leader: ${name}`);
    return leader;
  }

  /** Lets another server lead a stream. */
  async moveLeader(stream: string): Promise<void> {
    const { url } = await this.leader(stream);
    const subject = `$JS.API.STREAM.LEADER.STEPDOWN.${stream}`;
    await withConnection(url, (connection) => connection.request(subject, "", { timeout: 5000 }));
  }

  /** Uses the JetStream API of a server that answers. */
  async #manage<Result>(use: Parameters<typeof manage<Result>>[1]): Promise<Result> {
    let cause: unknown = new Error("none is running");
    for (const server of this.servers) {
      if (!server.running) continue;
      try {
        return await manage(server.url, use);
      } catch (error) {
        cause = error;
      }
    }
    throw cause;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()));
  }
}

function freePorts(): number[] {
  const found: number[] = [];
  for (let attempt = 0; attempt < 100 && found.length < size; attempt++) {
    const { lowest, highest } = routePorts;
    const port = Math.floor(lowest + Math.random() * (highest - lowest));
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      if (!found.includes(port)) found.push(port);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.AddrInUse)) throw cause;
    }
  }
  return found;
}
