// The whole pipeline in simulation: two journals on a disk that forgets and fails, one or two sinks,
// and NATS servers that lose what they acknowledged, by the thousand. `PIPELINE_SEEDS=100000` runs so
// many arbitrary seeds on `THREADS=2` threads, `SEED=123` that one again; what fails is thinned out to
// the commands that it needs. Such a story goes to pipeline_stories.jsonl, so that what was mended stays mended.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { thinOut } from "../support/crash_commands.ts";
import { drawPlan, type PipelinePlan } from "../support/pipeline_plan.ts";
import { PipelineRun } from "../support/pipeline_run.ts";
import type { PipelineShare, PipelineTally } from "../support/pipeline_worker.ts";

async function failureOf(plan: PipelinePlan): Promise<Error | null> {
  try {
    await PipelineRun.execute(plan);
    return null;
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  }
}

/** What of an error is the same when the same thing fails with other figures. */
function kindOf(error: Error): string {
  return error.message.replaceAll(/[0-9a-f]{32}|\d+/g, "");
}

/** @throws {Error} with the least commands that still fail in the same way */
async function assertSurvives(plan: PipelinePlan, name: string): Promise<PipelineRun> {
  try {
    return await PipelineRun.execute(plan);
  } catch (error) {
    assert.ok(error instanceof Error);
    const kind = kindOf(error);
    const least = await thinOut(plan, async (fewer) => {
      const failure = await failureOf(fewer);
      return failure !== null && kindOf(failure) === kind;
    });
    const cause = await failureOf(least) ?? error;
    throw new Error(`${name}: ${cause.message}\n${JSON.stringify(least)}`, { cause });
  }
}

/** Runs a share of the seeds on a thread of its own. */
async function tally(share: PipelineShare): Promise<PipelineTally> {
  const url = new URL("../support/pipeline_worker.ts", import.meta.url);
  const worker = new Worker(url, { workerData: share });
  const done = Promise.withResolvers<PipelineTally>();
  worker.once("message", done.resolve);
  worker.once("error", done.reject);
  try {
    return await done.promise;
  } finally {
    await worker.terminate();
  }
}

Deno.test("every synced record reaches every stream once and in order, whatever happens", async () => {
  const named = Deno.env.get("SEED");
  if (named !== undefined) return void await assertSurvives(drawPlan(Number(named)), "SEED");
  const count = Number(Deno.env.get("PIPELINE_SEEDS") ?? 10_000);
  const threads = Math.min(Number(Deno.env.get("THREADS") ?? navigator.hardwareConcurrency), 4);
  // The same seeds every time, unless a number is asked for.
  const isHunt = Deno.env.has("PIPELINE_SEEDS") && !Deno.env.has("CI");
  const first = isHunt ? Math.floor(Math.random() * 2 ** 31) : 1;
  const startMs = performance.now();
  const size = Math.ceil(count / threads);
  const tallies = await Promise.all(
    Array.from({ length: threads }, (_, i) => tally({ first: first + i * size, count: size })),
  );
  for (const { failed } of tallies) {
    if (failed === null) continue;
    await assertSurvives(drawPlan(failed), `SEED=${failed}`);
    assert.fail(`SEED=${failed} failed once`);
  }
  const sum = (of: (tally: PipelineTally) => number): number =>
    tallies.reduce((total, each) => total + of(each), 0);
  const perSecond = Math.round(count / (performance.now() - startMs) * 1000);
  console.log(
    `${count} seeds from ${first}, ${sum(({ crashes }) => crashes)} crashes, ` +
      `${sum(({ stored }) => stored)} messages, ${perSecond} seeds a second`,
  );
});

Deno.test("the pipeline keeps its promises where it once broke them", async () => {
  const stories = readFileSync(new URL("pipeline_stories.jsonl", import.meta.url), "utf8");
  for (const line of stories.split("\n").filter((each) => each !== "")) {
    const plan: PipelinePlan = JSON.parse(line);
    await assertSurvives(plan, `the story of seed ${plan.seed}`);
  }
});
