// The whole pipeline in simulation: two journals on a disk that forgets and fails, one or two sinks,
// and NATS servers that lose what they acknowledged, by the thousand. `PIPELINE_SEEDS=100000` runs so
// many arbitrary seeds, `SEED=123` that one again; what fails is thinned out to the commands that it
// needs. Such a story goes to pipeline_stories.jsonl, so that what was mended stays mended.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { thinOut } from "../support/crash_commands.ts";
import { drawPlan, type PipelinePlan } from "../support/pipeline_plan.ts";
import { PipelineRun } from "../support/pipeline_run.ts";

/** Thousands of errors are thrown and caught. */
Error.stackTraceLimit = 0;

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

Deno.test("every synced record reaches every stream once and in order, whatever happens", async () => {
  const named = Deno.env.get("SEED");
  const count = named === undefined ? Number(Deno.env.get("PIPELINE_SEEDS") ?? 10_000) : 1;
  const first = named === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(named);
  const startMs = performance.now();
  let [crashes, stored] = [0, 0];
  for (let seed = first; seed < first + count; seed++) {
    const run = await assertSurvives(drawPlan(seed), `SEED=${seed}`);
    crashes += run.crashes;
    stored += run.stored;
  }
  const perSecond = Math.round(count / (performance.now() - startMs) * 1000);
  console.log(
    `${count} seeds from ${first}, ${crashes} crashes, ${stored} messages, ${perSecond} seeds a second`,
  );
});

Deno.test("the pipeline keeps its promises where it once broke them", async () => {
  const stories = readFileSync(new URL("pipeline_stories.jsonl", import.meta.url), "utf8");
  for (const line of stories.split("\n").filter((each) => each !== "")) {
    const plan: PipelinePlan = JSON.parse(line);
    await assertSurvives(plan, `the story of seed ${plan.seed}`);
  }
});
