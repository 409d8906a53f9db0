// What may happen to a journal and its disk, as values: drawn from a seed, run in any number, and
// thinned out until only those are left that a failure needs.

import type { RecordEnd } from "../../src/record.ts";
import { Random } from "../../src/simulate/random.ts";
import type { FaultRates, SyncTiming } from "./simulated_conditions.ts";
import type { ByteOrder } from "./simulated_file.ts";
import type { NameOrder } from "./simulated_folder.ts";

/** Bytes of a record, by their number, and how it ends. */
export interface FragmentPlan {
  readonly bytes: number;
  readonly end: RecordEnd | null;
}

export type CrashCommand =
  | { readonly do: "append"; readonly fragments: readonly FragmentPlan[] }
  | { readonly do: "sync" | "begin sync" | "complete sync" | "read" | "reopen" | "heal" }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "begin epoch"; readonly skip: number }
  | { readonly do: "release"; readonly behind: number }
  | { readonly do: "step clock"; readonly ms: number }
  | { readonly do: "time syncs"; readonly syncs: SyncTiming }
  | { readonly do: "fail"; readonly faults: FaultRates }
  | { readonly do: "fill"; readonly freeBytes: number }
  | { readonly do: "turn read-only" }
  | {
    readonly do: "crash";
    readonly power: boolean;
    /** Before which disk call from now, from 1; at once where 0. */
    readonly call: number;
    /** While the journal is opened again. */
    readonly faults: FaultRates | null;
  };

/** One simulated life of a channel's journal. */
export interface CrashPlan {
  readonly seed: number;
  readonly maxSegmentBytes: number;
  readonly maxBackups: number;
  readonly sync: number | "always";
  readonly sectorBytes: number;
  readonly byteOrder: ByteOrder;
  readonly nameOrder: NameOrder;
  /** Records hold line feeds, and after a kill the last append is taken back, as a channel does it. */
  readonly feedsInside?: boolean;
  /** Records are objects of JSON, with the header of those. @default {false} */
  readonly jsonLines?: boolean;
  readonly commands: readonly CrashCommand[];
}

export const allFaultClasses = [
  "failed sync",
  "refused call",
  "full disk",
  "bytes out of order",
  "names out of order",
  "retention",
  "reading",
] as const;

/** A class of faults that a run may leave out, while the journal cannot cope with it. */
export type FaultClass = typeof allFaultClasses[number];

const ends: readonly RecordEnd[] = [
  "line_feed",
  "line_feed",
  "line_feed",
  "carriage_return",
  "too_long",
  "idle",
  "hang_up",
];

/** The plan of `seed`. */
export function drawPlan(
  seed: number,
  without: readonly FaultClass[] = [],
  feedsInside = false,
): CrashPlan {
  const random = new Random(seed);
  const allowed = (fault: FaultClass): boolean => !without.includes(fault);
  const failing = random.next() < 0.5;
  const rate = (fault: FaultClass): number =>
    allowed(fault) && random.next() < 0.5 ? random.pick([0.05, 0.3, 1]) : 0;
  const faults = (): FaultRates => ({
    shortAppend: rate("full disk"),
    failedSync: rate("failed sync"),
    failedCall: rate("refused call"),
  });
  const fragments = (): FragmentPlan[] =>
    Array.from({ length: random.integer(1, 4) }, (_, i) => ({
      bytes: random.next() < 0.1 ? 0 : random.integer(1, 60),
      // A framer leaves no open record behind another one.
      end: i < 3 && random.next() < 0.25 ? null : random.pick(ends),
    }));
  const crash = (): CrashCommand => ({
    do: "crash",
    power: random.next() < 0.6,
    call: random.next() < 0.2 ? 0 : random.integer(1, 60),
    faults: failing && random.next() < 0.2 ? faults() : null,
  });
  const fault = (): CrashCommand => {
    const kind = random.integer(0, 5);
    if (!failing || kind < 2) return { do: "heal" };
    if (kind === 2 && allowed("full disk")) {
      return { do: "fill", freeBytes: random.integer(0, 300) };
    }
    if (kind === 3 && allowed("refused call")) return { do: "turn read-only" };
    return { do: "fail", faults: faults() };
  };
  const draw = (): CrashCommand => {
    const at = random.integer(0, 99);
    if (at < 50) return { do: "append", fragments: fragments() };
    if (at < 58) return { do: "sync" };
    if (at < 64) return { do: "begin sync" };
    if (at < 67) return { do: "complete sync" };
    if (at < 72) return { do: "wait", ms: random.integer(1, 400) };
    if (at < 76) return allowed("reading") ? { do: "read" } : { do: "heal" };
    if (at < 79) return { do: "reopen" };
    if (at < 80) return { do: "begin epoch", skip: random.pick([0, 0, 1, 1000]) };
    if (at < 83 && allowed("retention")) return { do: "release", behind: random.integer(0, 10) };
    if (at < 85) return { do: "step clock", ms: random.integer(-100_000, 100_000) };
    if (at < 87) return { do: "time syncs", syncs: random.pick(["at once", "soon", "when told"]) };
    return at < 92 ? fault() : crash();
  };
  return {
    seed,
    maxSegmentBytes: random.pick([60, 200, 600, 2000]),
    maxBackups: random.pick([0, 2, 1000]),
    sync: random.pick(["always", 50, 1_000_000]),
    sectorBytes: random.pick([512, 4096]),
    byteOrder: allowed("bytes out of order") ? random.pick(["any", "as written"]) : "as written",
    nameOrder: allowed("names out of order") ? random.pick(["any", "as changed"]) : "as changed",
    feedsInside,
    commands: Array.from({ length: random.integer(5, 40) }, draw),
    // Drawn last: the other settings of a seed stay what they were.
    jsonLines: random.next() < 0.3,
  };
}

/** Fewer commands of which `fails` still is true, none of them superfluous. */
export async function thinOut<Plan extends { readonly commands: readonly unknown[] }>(
  plan: Plan,
  fails: (plan: Plan) => Promise<boolean>,
): Promise<Plan> {
  let left = plan;
  for (let size = Math.ceil(plan.commands.length / 2); size >= 1;) {
    let removed = false;
    for (let at = 0; at < left.commands.length;) {
      const fewer = { ...left, commands: left.commands.toSpliced(at, size) };
      if (await fails(fewer)) {
        left = fewer;
        removed = true;
      } else at += size;
    }
    if (!removed || size > 1) size = size > 1 ? Math.ceil(size / 2) : 0;
  }
  return left;
}
