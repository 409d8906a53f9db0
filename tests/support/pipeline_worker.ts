// A thread that runs simulated pipelines: so many seeds, up to the first that fails.

import { parentPort, workerData } from "node:worker_threads";
import { drawPlan } from "./pipeline_plan.ts";
import { PipelineRun } from "./pipeline_run.ts";

/** The seeds of one thread. */
export interface PipelineShare {
  readonly first: number;
  readonly count: number;
}

export interface PipelineTally {
  readonly crashes: number;
  readonly stored: number;
  /** The seed that failed; `null` when none did. */
  readonly failed: number | null;
}

if (parentPort !== null) parentPort.postMessage(await tally(workerData));

async function tally({ first, count }: PipelineShare): Promise<PipelineTally> {
  // Thousands of errors are thrown and caught.
  Error.stackTraceLimit = 0;
  let [crashes, stored] = [0, 0];
  for (let seed = first; seed < first + count; seed++) {
    // What weak references have been asked for is not collected before the event loop's next turn.
    if (seed % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    try {
      const run = await PipelineRun.execute(drawPlan(seed));
      crashes += run.crashes;
      stored += run.stored;
    } catch {
      return { crashes, stored, failed: seed };
    }
  }
  return { crashes, stored, failed: null };
}
