// Steps in their order: shown, or done one after the other. When one fails, those that were done are
// taken back in reverse, so that the machine is as it was.

import { errorText } from "../platform/notice.ts";
import { type Step, StepFailed } from "./step.ts";

export interface StepReport {
  readonly goal: string;
  /** What was done, or is to be done. */
  readonly changes: readonly string[];
}

/** A step failed, and what was done before is taken back, but for what `left` tells. */
export interface PlanFailure {
  readonly goal: string;
  readonly message: string;
  readonly hint: string;
  /** What could not be taken back. */
  readonly left: readonly string[];
}

export interface PlanOutcome {
  readonly steps: readonly StepReport[];
  readonly failure: PlanFailure | null;
}

/** What would be done, as far as it can be told before anything is. */
export async function lookAhead(steps: readonly Step[]): Promise<StepReport[]> {
  const reports: StepReport[] = [];
  for (const step of steps) reports.push({ goal: step.goal, changes: await step.look() });
  return reports;
}

/**
 * Does the steps that are not so already, and tells each as it is done. `resume` is called after
 * everything was taken back.
 */
export async function carryOut(
  steps: readonly Step[],
  { tell, resume, stop }: {
    readonly tell: (report: StepReport) => void;
    readonly resume: () => Promise<void>;
    /** Ends it before the next step; what was done is taken back. */
    readonly stop?: AbortSignal;
  },
): Promise<PlanOutcome> {
  const reports: StepReport[] = [];
  const begun: Step[] = [];
  for (const step of steps) {
    try {
      if (stop?.aborted) throw new StepFailed("stopped before the end", "run it again");
      const changes = await step.look();
      if (changes.length > 0) {
        begun.push(step);
        await step.apply();
      }
      const report = { goal: step.goal, changes };
      reports.push(report);
      tell(report);
    } catch (error) {
      const left = await takeBack(begun, resume);
      const hint = error instanceof StepFailed ? error.hint : "mend the cause, and run it again";
      const failure = { goal: step.goal, message: errorText(error), hint, left };
      return { steps: reports, failure };
    }
  }
  return { steps: reports, failure: null };
}

async function takeBack(begun: readonly Step[], resume: () => Promise<void>): Promise<string[]> {
  const left: string[] = [];
  const attempt = async (goal: string, action: () => void | Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      left.push(`${goal}: ${errorText(error)}`);
    }
  };
  for (const step of begun.toReversed()) await attempt(step.goal, () => step.undo());
  if (begun.length > 0) await attempt("the service as it was", resume);
  return left;
}
