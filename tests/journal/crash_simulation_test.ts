// The journal on a disk that forgets, tears and fails, through crash after crash, by the thousand.
// `CRASH_SEEDS=10000` runs so many arbitrary seeds, `SEED=123` that one again; what fails is thinned
// out to the commands that it needs. `CRASH_WITHOUT="failed sync,full disk"` leaves out classes of faults.
// Such a story goes to crash_stories.jsonl, so that what was mended stays mended.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  allFaultClasses,
  type CrashCommand,
  type CrashPlan,
  drawPlan,
  type FaultClass,
  type FragmentPlan,
  thinOut,
} from "../support/crash_commands.ts";
import { CrashRun } from "../support/crash_run.ts";

const excluded = (Deno.env.get("CRASH_WITHOUT") ?? "").split(",");
const without = allFaultClasses.filter((each) => excluded.includes(each));

async function failureOf(plan: CrashPlan): Promise<Error | null> {
  try {
    await CrashRun.execute(plan);
    return null;
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  }
}

/** What of an error is the same when the same thing fails with other figures. */
function kindOf(error: Error): string {
  return error.message.split("\n")[0]?.replace(/[\d"].*/, "") ?? "";
}

/** @throws {Error} with the least commands that still fail in the same way */
async function assertSurvives(plan: CrashPlan, name: string): Promise<CrashRun> {
  try {
    return await CrashRun.execute(plan);
  } catch (error) {
    assert.ok(error instanceof Error);
    const kind = kindOf(error);
    const least = await thinOut(plan, async (fewer) => {
      const failure = await failureOf(fewer);
      return failure !== null && kindOf(failure) === kind;
    });
    const cause = await failureOf(least) ?? error;
    const { commands, ...settings } = least;
    const story = [settings, ...commands].map((each) => JSON.stringify(each)).join("\n  ");
    throw new Error(`${name}: ${cause.message}\n  ${story}`, { cause });
  }
}

const diskFaults: readonly FaultClass[] = ["failed sync", "refused call", "full disk"];

/** `SEED`, or so many: those that follow `first`, or an arbitrary one. */
function seeds(usualCount: number, first = Math.floor(Math.random() * 2 ** 31)): number[] {
  const named = Deno.env.get("SEED");
  if (named !== undefined) return [Number(named)];
  const count = Number(Deno.env.get("CRASH_SEEDS") ?? usualCount);
  return Array.from({ length: count }, (_, i) => first + i);
}

async function assertAllSurvive(
  seeds: readonly number[],
  without: readonly FaultClass[],
  feedsInside = false,
): Promise<void> {
  const startMs = performance.now();
  let crashes = 0;
  for (const seed of seeds) {
    const run = await assertSurvives(drawPlan(seed, without, feedsInside), `SEED=${seed}`);
    crashes += run.crashes;
  }
  const perSecond = Math.round(seeds.length / (performance.now() - startMs) * 1000);
  console.log(
    `${seeds.length} seeds from ${seeds[0]}, ${crashes} crashes, ${perSecond} seeds a second`,
  );
}

Deno.test("a journal keeps its promises through crashes of the process and the box", async () => {
  await assertAllSurvive(seeds(10_000), [...without, ...diskFaults]);
});

Deno.test("a journal keeps its promises through crashes while the disk fails, too", async () => {
  // The same seeds every time, unless a number is asked for.
  const first = Deno.env.has("CRASH_SEEDS") ? undefined : 1;
  await assertAllSurvive(seeds(3000, first), without);
});

Deno.test("a journal whose records hold line feeds keeps its promises through the same", async () => {
  const first = Deno.env.has("CRASH_SEEDS") ? undefined : 1;
  await assertAllSurvive(seeds(3000), [...without, ...diskFaults], true);
  await assertAllSurvive(seeds(3000, first), without, true);
});

Deno.test("a journal keeps its promises where it once broke them", async () => {
  const stories = readFileSync(new URL("crash_stories.jsonl", import.meta.url), "utf8");
  for (const line of stories.trimEnd().split("\n")) {
    const plan: CrashPlan = JSON.parse(line);
    for (const jsonLines of [false, true]) {
      const name = `the story of seed ${plan.seed}${jsonLines ? " with lines of JSON" : ""}`;
      await assertSurvives({ ...plan, jsonLines }, name);
    }
  }
});

function append(...fragments: readonly FragmentPlan[]): CrashCommand {
  return { do: "append", fragments };
}

const whole: FragmentPlan = { bytes: 30, end: "line_feed" };
const unfinished: FragmentPlan = { bytes: 20, end: null };

const scenarios: Readonly<Record<string, readonly CrashCommand[]>> = {
  "appending and syncing": [
    append(whole, unfinished),
    { do: "sync" },
    append(whole, whole),
    { do: "begin sync" },
    append(whole, unfinished),
    { do: "complete sync" },
  ],
  "rotating with an open record": [
    append(whole, whole, whole, unfinished),
    { do: "sync" },
    append(whole, whole, whole, unfinished),
    append(whole, unfinished),
    { do: "wait", ms: 300 },
  ],
  "rotating with records that are not synced": [
    append(whole, whole, whole),
    append(whole, whole, whole),
    append(whole, whole, whole),
    { do: "sync" },
  ],
  "removing what was released": [
    append(whole, whole, whole),
    append(whole, whole, whole),
    append(whole, unfinished),
    { do: "sync" },
    { do: "release", behind: 1 },
    { do: "wait", ms: 300 },
    append(whole),
  ],
  "beginning an epoch": [
    append(whole, unfinished),
    { do: "begin epoch", skip: 0 },
    append(whole),
    { do: "begin epoch", skip: 10 },
    append(whole),
    { do: "reopen" },
  ],
  "a full disk that is freed": [
    append(whole, unfinished),
    { do: "sync" },
    { do: "fill", freeBytes: 60 },
    append(whole, whole),
    append(whole),
    { do: "sync" },
    { do: "heal" },
    append(whole),
    { do: "wait", ms: 1000 },
    { do: "sync" },
  ],
  "syncs that fail": [
    append(whole),
    { do: "fail", faults: { shortAppend: 0, failedSync: 1, failedCall: 0 } },
    append(whole, whole, unfinished),
    { do: "sync" },
    append(whole, whole),
    { do: "heal" },
    { do: "wait", ms: 1000 },
    { do: "sync" },
    append(whole),
  ],
};

for (const [name, commands] of Object.entries(scenarios)) {
  Deno.test(`a crash before any disk call loses nothing that was promised: ${name}`, async () => {
    for (const [power, tries] of [[false, 1], [true, 4]] as const) {
      let reached = true;
      for (let call = 1; reached; call++) {
        for (let seed = 0; seed < tries; seed++) {
          const crash = { do: "crash", power, call, faults: null } as const;
          const run = await assertSurvives({
            seed,
            maxSegmentBytes: 200,
            maxBackups: 0,
            sync: 50,
            sectorBytes: 512,
            byteOrder: without.includes("bytes out of order") ? "as written" : "any",
            nameOrder: without.includes("names out of order") ? "as changed" : "any",
            commands: [crash, ...commands],
          }, `${name}, ${power ? "power cut" : "kill"} before call ${call}`);
          reached = run.crashes > 0;
        }
      }
    }
  });
}
