import assert from "node:assert/strict";
import { closest } from "../../src/config/wording.ts";
import { assertProblem, pointedAt, problemsOf, sample, serialPort } from "./sample.ts";

Deno.test("an unknown key suggests the known one that is close, and points at the key", () => {
  const file = sample({ ports: [serialPort({ baudrate: 9600 })] });
  const problem = assertProblem(
    file,
    "ports[0].baudrate",
    /^unknown key "baudrate"; did you mean "baud_rate"\?$/,
  );
  assert.equal(pointedAt(JSON.stringify(file, null, 2), problem, 10), '"baudrate"');
});

Deno.test("an unknown key that is close to none lists those that are known there", () => {
  const problem = assertProblem(sample({ app: { colour: "red" } }), "app.colour", /^unknown key/);
  assert.match(problem.message, /known here are name, instance_id, fips_code$/);
});

Deno.test("unknown keys are found at every depth, each by itself", () => {
  const file = sample({
    loging: {},
    nats: { tls: { cafile: "/x" }, ulr: "x" },
    ports: [serialPort({ framing: { mode: "line", size: 5 } })],
    evidence: { enable: true },
    toString: 1,
  });
  assert.deepEqual(problemsOf(file).map((problem) => problem.path).sort(), [
    "evidence.enable",
    "loging",
    "nats.tls.cafile",
    "nats.ulr",
    "ports[0].framing.size",
    "toString",
  ]);
});

Deno.test("an unknown key is found even where its value says nothing", () => {
  for (const value of ["", null]) assertProblem(sample({ logs: value }), "logs", /unknown key/);
});

Deno.test("closest() forgives case, separators, swapped letters and a letter or two", () => {
  const known = ["baud_rate", "device", "enabled", "url", "user"];
  const cases: [string, string | undefined][] = [
    ["baudRate", "baud_rate"],
    ["BAUD-RATE", "baud_rate"],
    ["devcie", "device"],
    ["enable", "enabled"],
    ["ulr", "url"],
    ["baud", undefined],
    ["host", undefined],
    ["x", undefined],
    ["baud_rate".repeat(1000), undefined],
  ];
  for (const [key, expected] of cases) {
    assert.equal(closest(key, known), expected, key.slice(0, 20));
  }
});
