import assert from "node:assert/strict";
import { carryOut, lookAhead, type StepReport } from "../../src/install/plan.ts";
import { type Step, StepFailed } from "../../src/install/step.ts";

/** Steps that write down what happens to them. */
function logged(log: string[]): (name: string, options?: Partial<Step>) => Step {
  return (name, options = {}) => ({
    goal: name,
    look: () => [`do ${name}`],
    apply: () => void log.push(`apply ${name}`),
    undo: () => void log.push(`undo ${name}`),
    ...options,
  });
}

const resumed = (log: string[]) => (): Promise<void> => Promise.resolve(void log.push("resume"));

Deno.test("a plan does what is not so already, in order, and tells each step", async () => {
  const log: string[] = [];
  const step = logged(log);
  const told: StepReport[] = [];
  const outcome = await carryOut(
    [step("one"), step("two", { look: () => [] }), step("three")],
    { tell: (report) => told.push(report), resume: resumed(log) },
  );
  assert.deepEqual(log, ["apply one", "apply three"]);
  assert.deepEqual(told.map(({ changes }) => changes), [["do one"], [], ["do three"]]);
  assert.deepEqual(outcome, { steps: told, failure: null });
});

Deno.test("a step that fails is taken back with all before it, in reverse, and the service resumes", async () => {
  const log: string[] = [];
  const step = logged(log);
  const apply = (): never => {
    throw new StepFailed("write it: full", "make room");
  };
  const { failure } = await carryOut(
    [step("one"), step("two", { look: () => [] }), step("three"), step("four", { apply })],
    { tell: () => {}, resume: resumed(log) },
  );
  assert.deepEqual(log.slice(2), ["undo four", "undo three", "undo one", "resume"]);
  assert.deepEqual(failure, {
    goal: "four",
    message: "write it: full",
    hint: "make room",
    left: [],
  });
});

Deno.test("what cannot be taken back is told, and the rest is taken back all the same", async () => {
  const log: string[] = [];
  const step = logged(log);
  const fail = (): never => {
    throw new Error("no");
  };
  const { failure } = await carryOut(
    [step("one"), step("two", { undo: fail }), step("three", { apply: fail })],
    { tell: () => {}, resume: resumed(log) },
  );
  assert.deepEqual(failure?.left, ["two: no"]);
  assert.deepEqual(log.slice(-2), ["undo one", "resume"]);
});

Deno.test("a plan that fails before anything was done resumes nothing", async () => {
  const log: string[] = [];
  const look = (): never => {
    throw new Error("cannot look");
  };
  const { failure } = await carryOut([logged(log)("one", { look })], {
    tell: () => {},
    resume: resumed(log),
  });
  assert.equal(failure?.message, "cannot look");
  assert.deepEqual(log, []);
});

Deno.test("looking ahead does nothing", async () => {
  const log: string[] = [];
  const reports = await lookAhead([logged(log)("one")]);
  assert.deepEqual(reports, [{ goal: "one", changes: ["do one"] }]);
  assert.deepEqual(log, []);
});
