// How fast a backlog goes out while all ports go on talking at full speed, in one process: records a
// second, beside the JetStream client's own `js.publish` with 256 in flight over the same records,
// in turns, because machines are noisy. And what it costs: memory, and how long a read had to wait.
//
//   RECORDS=1000000 ROUNDS=10 deno task bench:drain

import { NatsStreams } from "../../src/delivery/nats_streams.ts";
import { Sink } from "../../src/delivery/sink.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram } from "../support/nats_program.ts";
import { manage, messageCount } from "../support/stream_contents.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";
import { neverRenewed } from "../support/same_identity.ts";
import {
  channels,
  LineSpeedFeed,
  openJournals,
  recordsIn,
  sinkName,
  subject,
  writeBacklog,
} from "./drain_site.ts";

const records = Number(Deno.env.get("RECORDS") ?? 1_000_000);
const rounds = Number(Deno.env.get("ROUNDS") ?? 10);
const clientSubject = "client.records";
const settleMs = 3000;

interface Round {
  readonly sinkRate: number;
  readonly clientRate: number;
  readonly growthMb: number;
  /** Processor time a record, in µs: of the sink's process, the client's, the server's for each. */
  readonly cost: readonly number[];
}

async function report(): Promise<void> {
  using folder = new TemporaryFolder("drain");
  await using server = await NatsServer.start({
    program: natsProgram,
    storeFolder: folder.join("nats"),
  });
  await manage(server.url, async (manager) => {
    await manager.streams.add({ name: "client", subjects: [clientSubject] });
  });
  const logs = folder.join("logs");
  Deno.mkdirSync(logs);
  // Elsewhere: what it costs to write one is not what it costs to deliver it.
  await process("drain_report.ts", ["backlog", logs]).status;
  const journals = await openJournals(logs);
  const client = new Client(logs, server.url);
  const before = journals.map(({ lastSequence }) => lastSequence);
  console.log(`${sum(before)} records wait on ${channels.length} ports`);
  using feed = new LineSpeedFeed(journals);
  await systemClock.delay(settleMs);
  feed.takeGaps();
  await systemClock.delay(settleMs);
  console.log(`reads while nothing is delivered: ${gaps(feed)}`);
  const idleMb = residentMb();
  const found: Round[] = [];
  let next = 1;
  for (let round = 1; round <= rounds; round++) {
    const goal = Math.floor(records / rounds);
    feed.takeGaps();
    const [own, serving] = [stopwatch(Deno.pid), stopwatch(server.pid ?? 0)];
    const sink = await drain(journals, server.url, logs, goal);
    const sinkCost = [own(), serving()].map((us) => us / sink.delivered);
    const waited = gaps(feed);
    const each = Math.min(
      Math.floor(sink.delivered / channels.length),
      (before[0] ?? 0) - next + 1,
    );
    const [publishing, servingIt] = [stopwatch(client.pid), stopwatch(server.pid ?? 0)];
    const clientMs = await client.drain(next, each);
    const clientRecords = each * channels.length;
    const clientCost = [publishing(), servingIt()].map((us) => us / clientRecords);
    next += each;
    const sinkRate = sink.delivered / sink.ms * 1000;
    const clientRate = clientRecords / clientMs * 1000;
    const cost = [...sinkCost, ...clientCost];
    found.push({ sinkRate, clientRate, growthMb: sink.peakMb - idleMb, cost });
    console.log(
      `round ${round}: sink ${Math.round(sinkRate)}/s, js.publish ${Math.round(clientRate)}/s, ` +
        `ratio ${(sinkRate / clientRate).toFixed(2)}; ` +
        `memory +${Math.round(sink.peakMb - idleMb)} MB; reads: ${waited}`,
    );
  }
  await drain(journals, server.url, logs, Infinity);
  feed[Symbol.dispose]();
  await Promise.all(journals.map((journal) => journal.sync()));
  await drain(journals, server.url, logs, Infinity);
  const captured = recordsIn(feed.bytes / channels.length) * channels.length;
  const stored = await messageCount(server.url, "cdr");
  console.log(
    `median: sink ${median(found.map(({ sinkRate }) => sinkRate)).toFixed(0)}/s, js.publish ` +
      `${median(found.map(({ clientRate }) => clientRate)).toFixed(0)}/s, ratio ` +
      `${median(found.map((each) => each.sinkRate / each.clientRate)).toFixed(2)}`,
  );
  const [own, serving, publishing, servingIt] = [0, 1, 2, 3].map((which) =>
    median(found.map(({ cost }) => cost[which] ?? 0)).toFixed(0)
  );
  console.log(
    `processor: sink ${own} µs a record, with capture, and its server ${serving}; ` +
      `js.publish ${publishing}, and its server ${servingIt}`,
  );
  console.log(
    `memory: ${Math.round(idleMb)} MB before, at most ` +
      `+${Math.round(Math.max(...found.map(({ growthMb }) => growthMb)))} MB`,
  );
  console.log(
    `captured meanwhile: ${feed.bytes} bytes, ${captured} records; in the stream: ${stored} of ` +
      `${sum(before) + captured}`,
  );
  await client.end();
  for (const journal of journals) await journal.close();
}

/** Delivers at least `goal` records, or all there are. */
async function drain(
  journals: readonly Journal[],
  url: string,
  statePath: string,
  goal: number,
): Promise<{ readonly delivered: number; readonly ms: number; readonly peakMb: number }> {
  const startMs = performance.now();
  await using sink = new Sink({
    name: sinkName,
    server: new NatsStreams({
      servers: () => Promise.resolve([{ servers: url }]),
      renewed: neverRenewed,
    }),
    feeds: journals.map((journal) => ({ journal, subject })),
    wantedStream: { name: "cdr", subjects: [subject] },
    statePath,
    maxWaitMs: 1000,
    disk: systemDisk,
    clock: systemClock,
    random: Math.random,
    report: ({ level, message }) => {
      if (level !== "info") console.log(message);
    },
  });
  sink.start();
  let peakMb = 0;
  await waitFor("the backlog to go out", () => {
    peakMb = Math.max(peakMb, residentMb());
    return sink.status.delivered >= goal || sink.caughtUp;
  }, { timeoutMs: 600_000 });
  return { delivered: sink.status.delivered, ms: performance.now() - startMs, peakMb };
}

/** The yardstick's process. */
class Client {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #output: ReadableStreamDefaultReader<string>;

  constructor(folder: string, url: string) {
    this.#process = process("client_drain.ts", [folder, url, clientSubject]);
    this.#input = this.#process.stdin.getWriter();
    this.#output = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Resolves to the milliseconds it took. */
  async drain(from: number, count: number): Promise<number> {
    await this.#input.write(new TextEncoder().encode(`${from} ${count}\n`));
    return Number((await this.#output.read()).value);
  }

  async end(): Promise<void> {
    await this.#input.close();
    await this.#process.status;
  }
}

function process(script: string, args: readonly string[]): Deno.ChildProcess {
  const path = new URL(script, import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", path, ...args],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
}

function gaps(feed: LineSpeedFeed): string {
  const found = feed.takeGaps();
  const at = (place: number): string => (found.at(place) ?? 0).toFixed(0);
  const [half, most] = [found.length / 2, found.length * 0.99];
  return `every ${at(half)} ms, 99 % within ${at(most)} ms, longest ${at(-1)} ms`;
}

/** Tells the processor time of a process since now, in µs. */
function stopwatch(pid: number): () => number {
  const startUs = processorUs(pid);
  return () => processorUs(pid) - startUs;
}

/** User and system time, which the kernel counts in hundredths of a second. */
function processorUs(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function residentMb(): number {
  return Deno.memoryUsage().rss / 2 ** 20;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

if (Deno.args[0] === "backlog") {
  await writeBacklog(Deno.args[1] ?? "", records);
} else {
  await report();
}
