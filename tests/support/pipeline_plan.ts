// What may happen to a box, its network and its servers, as values: drawn from a seed, run in any
// number, and thinned out until only those are left that a failure needs.

import { Random } from "../../src/simulate/random.ts";
import type { CrashPlan } from "./crash_commands.ts";
import type { FaultRates } from "./simulated_conditions.ts";
import type { Network } from "./simulated_nats.ts";

/** What becomes of a server or its stream, at one blow. */
export type ServerEvent =
  | "kill"
  | "cut power"
  | "start"
  | "kill and start"
  | "cut power and start"
  | "stall"
  | "resume"
  | "fall silent"
  | "speak"
  | "sync"
  | "reject credentials"
  | "accept credentials"
  | "cut connections"
  | "delete stream"
  | "make stream anew"
  | "purge stream"
  | "elect a leader that lacks messages"
  | "others publish"
  | "leave room for no message"
  | "leave room for few bytes"
  | "heal";

/** What somebody deletes while the process is down. */
export type LostFiles = "nothing" | "cursors" | "first journal";

export type PipelineCommand =
  | {
    readonly do: "append";
    readonly channel: number;
    readonly records: number;
    readonly bytes: number;
  }
  | { readonly do: "sync" }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "restart"; readonly without: LostFiles }
  | {
    readonly do: "crash";
    readonly power: boolean;
    /** Before which disk call from now, from 1; at once where 0. */
    readonly call: number;
    /** While the journals are opened again. */
    readonly faults: FaultRates | null;
  }
  | { readonly do: "fail disk"; readonly faults: FaultRates }
  | { readonly do: "fill disk"; readonly freeBytes: number }
  | { readonly do: "heal disk" }
  | { readonly do: "network"; readonly sink: number; readonly network: Network }
  | { readonly do: "server"; readonly sink: number; readonly event: ServerEvent }
  | { readonly do: "limit stream"; readonly sink: number; readonly maxMessages: number }
  | {
    readonly do: "limit payload";
    readonly sink: number;
    readonly of: "server" | "stream";
    readonly bytes: number;
  };

/** One simulated life of a box with two channels, and of the servers that it delivers to. */
export interface PipelinePlan extends Omit<CrashPlan, "commands" | "feedsInside" | "jsonLines"> {
  readonly sinks: number;
  /** Of the streams. */
  readonly duplicateWindowMs: number;
  readonly commands: readonly PipelineCommand[];
}

const networks: readonly Network[] = [
  "good",
  "slow",
  "black hole",
  "loses replies",
  "closes at once",
];

const serverEvents: readonly ServerEvent[] = [
  "kill",
  "cut power",
  "start",
  "kill and start",
  "kill and start",
  "cut power and start",
  "cut power and start",
  "cut power and start",
  "stall",
  "resume",
  "fall silent",
  "speak",
  "sync",
  "reject credentials",
  "accept credentials",
  "cut connections",
  "cut connections",
  "cut connections",
  "delete stream",
  "make stream anew",
  "purge stream",
  "elect a leader that lacks messages",
  "elect a leader that lacks messages",
  "others publish",
  "others publish",
  "others publish",
  "leave room for no message",
  "leave room for few bytes",
  "heal",
  "heal",
  "heal",
];

const lostFiles: readonly LostFiles[] = ["nothing", "nothing", "cursors", "first journal"];

/** The plan of `seed`. */
export function drawPlan(seed: number): PipelinePlan {
  const random = new Random(seed);
  const sinks = random.next() < 0.7 ? 1 : 2;
  /** More records than may be under way at once. */
  const isLong = random.next() < 0.01;
  const isDiskFailing = random.next() < 0.25;
  const rate = (): number => random.next() < 0.5 ? random.pick([0.05, 0.3, 1]) : 0;
  const faults = (): FaultRates => ({
    shortAppend: rate(),
    failedSync: rate(),
    failedCall: rate(),
  });
  const sink = (): number => random.integer(0, sinks - 1);
  const append = (): PipelineCommand => ({
    do: "append",
    channel: random.integer(0, 1),
    records: isLong ? random.integer(50, 300) : random.integer(1, 8),
    bytes: random.integer(8, 60),
  });
  const wait = (): PipelineCommand => {
    const longest = random.pick([30, 30, 300, 300, 3000, 10_000]);
    return { do: "wait", ms: random.next() < 0.02 ? 130_000 : random.integer(1, longest) };
  };
  const diskFault = (): PipelineCommand => {
    const kind = isDiskFailing ? random.integer(0, 3) : 0;
    if (kind === 1) return { do: "fill disk", freeBytes: random.integer(0, 300) };
    return kind === 0 ? { do: "heal disk" } : { do: "fail disk", faults: faults() };
  };
  const crash = (): PipelineCommand => ({
    do: "crash",
    power: random.next() < 0.5,
    call: random.next() < 0.2 ? 0 : random.integer(1, 80),
    faults: isDiskFailing && random.next() < 0.2 ? faults() : null,
  });
  const draw = (): PipelineCommand => {
    const at = random.integer(0, 99);
    if (at < 30) return append();
    if (at < 38) return { do: "sync" };
    if (at < 60) return wait();
    if (at < 65) return crash();
    if (at < 68) return { do: "restart", without: random.pick(lostFiles) };
    if (at < 71) return diskFault();
    if (at < 78) return { do: "network", sink: sink(), network: random.pick(networks) };
    if (at < 80) {
      return { do: "limit stream", sink: sink(), maxMessages: random.integer(1, 40) };
    }
    if (at < 82) {
      const of = random.pick(["server", "stream"] as const);
      return { do: "limit payload", sink: sink(), of, bytes: random.integer(200, 300) };
    }
    return { do: "server", sink: sink(), event: random.pick(serverEvents) };
  };
  return {
    seed,
    sinks,
    duplicateWindowMs: random.pick([120_000, 120_000, 4000]),
    maxSegmentBytes: random.pick([200, 600, 2000, 100_000]),
    maxBackups: random.pick([0, 2, 1000, 1000]),
    sync: random.pick(["always", 50, 50, 250]),
    sectorBytes: random.pick([512, 4096]),
    byteOrder: random.pick(["any", "as written"]),
    nameOrder: random.pick(["any", "as changed"]),
    commands: Array.from({ length: random.integer(4, 20) }, draw),
  };
}
