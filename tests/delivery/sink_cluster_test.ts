import { NatsStreams } from "../../src/delivery/nats_streams.ts";
import { Random } from "../../src/simulate/random.ts";
import type { NatsServer } from "../../src/simulate/nats_server.ts";
import { DeliverySite } from "../support/delivery_site.ts";
import { NatsCluster } from "../support/nats_cluster.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { seeds } from "../support/seeds.ts";
import { assertDelivered, readStream } from "../support/stream_contents.ts";
import { denoForProxy, TcpProxy } from "../support/tcp_proxy.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

const { test } = requires(natsServer, denoForProxy);

/** In turns: how often a cluster loses a leader, and whatever else. */
const faultCount = Number(Deno.env.get("CLUSTER_FAULTS") ?? 1);

/**
 * A box whose sink knows all servers of a cluster with a stream that each of them keeps, each at the
 * other end of a network of its own.
 */
class ClusteredSite implements AsyncDisposable {
  readonly site: DeliverySite;
  readonly cluster: NatsCluster;
  readonly networks: readonly TcpProxy[];
  readonly #stack: AsyncDisposableStack;

  static async open(): Promise<ClusteredSite> {
    await using stack = new AsyncDisposableStack();
    const site = stack.use(await DeliverySite.open({ sides: ["A1", "B1"] }));
    const cluster = stack.use(await NatsCluster.start({ folder: site.join("cluster") }));
    await cluster.addStream({ name: "cdr", subjects: ["ks.cdr.>"] });
    const networks: TcpProxy[] = [];
    for (const { port } of cluster.servers) {
      networks.push(stack.use(await TcpProxy.open({ serverPort: port })));
    }
    const addresses = networks.map(({ url }) => ({ servers: url }));
    site.access = { ...site.access, servers: () => Promise.resolve(addresses) };
    return new ClusteredSite(site, cluster, networks, stack.move());
  }

  private constructor(
    site: DeliverySite,
    cluster: NatsCluster,
    networks: readonly TcpProxy[],
    stack: AsyncDisposableStack,
  ) {
    this.site = site;
    this.cluster = cluster;
    this.networks = networks;
    this.#stack = stack;
  }

  /** Waits until so many more are delivered. */
  async delivered(count: number): Promise<void> {
    const goal = this.site.sink.status.delivered + count;
    await waitFor("deliveries", () => this.site.sink.status.delivered >= goal, {
      timeoutMs: 60_000,
    });
  }

  async assertDelivered(): Promise<void> {
    await this.site.caughtUp(60_000);
    const stored = await waitForValue(
      "the stream to be read",
      async () => await readStream((await this.cluster.leader("cdr")).url, "cdr"),
      (messages) => messages.length > 0,
      { timeoutMs: 30_000 },
    );
    await assertDelivered(stored, this.site.journals);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site.stopSink();
    await this.#stack.disposeAsync();
  }
}

interface Fault {
  readonly name: string;
  /** Begins, lasts, and is over when it resolves. */
  readonly befall: (clustered: ClusteredSite, random: Random) => Promise<void>;
}

const lost: Fault = {
  name: "the leader is killed",
  async befall({ cluster, site }) {
    const leader = await cluster.leader("cdr");
    await leader.kill();
    await cluster.leader("cdr");
    await waitForValue(
      "deliveries without it",
      () => site.sink.status,
      ({ state }) => state === "delivering",
      { timeoutMs: 30_000 },
    );
    await leader.restart();
  },
};

const others: readonly Fault[] = [
  {
    name: "the leader stands still for a while",
    befall: async ({ cluster }, random) => {
      await standStill([await cluster.leader("cdr")], random.integer(100, 15_000));
    },
  },
  {
    name: "one stands still for a while",
    befall: async ({ cluster }, random) => {
      await standStill([random.pick(cluster.servers)], random.integer(100, 15_000));
    },
  },
  {
    name: "two stand still for a while",
    befall: async ({ cluster }, random) => {
      await standStill(cluster.servers.slice(random.integer(0, 1)).slice(0, 2), 12_000);
    },
  },
  {
    name: "the network to two is down for a while",
    async befall({ networks }, random) {
      const cut = networks.slice(random.integer(0, 1)).slice(0, 2);
      for (const network of cut) random.pick([() => network.silence(), () => network.freeze()])();
      await new Promise((resolve) => setTimeout(resolve, random.integer(100, 12_000)));
      for (const network of cut) await network.heal();
    },
  },
  {
    name: "the network to one cuts what it carries",
    async befall({ networks }, random) {
      for (let cut = 0; cut < 5; cut++) {
        random.pick(networks).cut(random.pick(["end", "reset"]));
        await new Promise((resolve) => setTimeout(resolve, random.integer(0, 500)));
      }
    },
  },
  {
    name: "two are killed",
    async befall({ cluster }, random) {
      const [one, other] = random.pick(
        [[0, 1], [1, 2], [0, 2]].map((pair) => pair.map((i) => cluster.servers[i])),
      );
      await one?.kill();
      await other?.kill();
      await new Promise((resolve) => setTimeout(resolve, random.integer(100, 8000)));
      await one?.restart();
      await other?.restart();
    },
  },
];

async function standStill(servers: readonly NatsServer[], ms: number): Promise<void> {
  for (const server of servers) await server.pause();
  await new Promise((resolve) => setTimeout(resolve, ms));
  for (const server of servers) server.resume();
}

/** Asserts that a connection that stays knows when another leader leads a stream. */
async function assertElectionsTold({ site, cluster }: ClusteredSite): Promise<void> {
  const connection = await new NatsStreams(site.access).connect(new AbortController().signal);
  const stream = await connection.stream("ks.cdr.test", null);
  await cluster.moveLeader("cdr");
  const elections = async (): Promise<number> =>
    Number((await stream.extent()).leadership.split(" ").at(-1));
  await waitForValue(
    "the election to be told",
    () => elections().catch(() => 0),
    (told) => told > 0,
  );
  await connection.close();
}

test("a cluster that loses its leader under load misses nothing and gets nothing twice", async () => {
  for (const seed of seeds()) {
    console.log(`SEED=${seed}`);
    await befallClusters(new Random(seed));
  }
});

async function befallClusters(random: Random): Promise<void> {
  await using clustered = await ClusteredSite.open();
  const { site } = clustered;
  await assertElectionsTold(clustered);
  site.startSink();
  const feeding = setInterval(() => {
    for (const fed of site.journals) fed.feed(random.integer(0, 5));
  }, 10);
  try {
    for (let fault = 0; fault < faultCount; fault++) {
      await clustered.delivered(random.integer(1, 400));
      const { name, befall } = fault % 2 === 0 ? lost : random.pick(others);
      const startMs = performance.now();
      await befall(clustered, random);
      const healMs = performance.now();
      await clustered.delivered(300);
      if (faultCount > 1) {
        const seconds = (from: number): string => ((performance.now() - from) / 1000).toFixed(1);
        console.log(`${fault + 1}: ${name}: ${seconds(startMs)} s, healed in ${seconds(healMs)} s`);
      }
    }
  } finally {
    clearInterval(feeding);
  }
  await clustered.assertDelivered();
}
