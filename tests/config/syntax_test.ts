import assert from "node:assert/strict";
import { assertProblem, configOf, pointedAt, problemsOf } from "./sample.ts";

const port = '{"device": "/dev/ttyS1", "side_designation": "A1", "fips_code": "1429010002", ' +
  '"enabled": true}';

Deno.test("comments, trailing commas, a byte order mark and CR LF are taken", () => {
  const text = `\uFEFF// site 14\r\n{ /* ports */ "ports": [${port},],\r\n}\r\n`;
  assert.equal(configOf(text).ports.length, 1);
});

Deno.test("keys that begin with _ are comments at any depth, whatever they hold", () => {
  const text = `{
    "_comment": "one", "_comment": ["two"], "__proto__": {"x": 1},
    "ports": [{"_old": {"baudrate": 1, "baudrate": 2}, ${port.slice(1)}],
    "nats": {"tls": {"_": null}}
  }`;
  assert.deepEqual(problemsOf(text), []);
});

Deno.test("a key that is given twice is refused, with the line of the first", () => {
  const text = `{\n"ports": [${port}],\n"nats": {\n"user": "a",\n"user": "b"\n}\n}`;
  const problem = assertProblem(text, "", /"user" is given twice .*\(see line 4\)/);
  assert.equal(pointedAt(text, problem, 6), '"user"');
  assert.equal(problem.line, 5);
});

Deno.test("a key given twice does not hide what else is wrong, which points at the first", () => {
  const text = `{\n"ports": [${port}],\n"app": {\n"name": 7,\n"name": "b",\n"x": 1\n}\n}`;
  assert.deepEqual(problemsOf(text).map((problem) => problem.line), [4, 5, 6]);
});

/** Text, what the message says, and the text that it points at. */
const slips: [string, RegExp, string][] = [
  ['{\n"app": {}\n"ports": []\n}', /comma is missing/, '"ports"'],
  ['{\n"app" {}\n}', /colon is missing/, "{}"],
  ["{\napp: {}\n}", /double quotes/, "app"],
  ["{\n'app': {}\n}", /double quotes, not single/, "'app'"],
  ['{\n"app": {"name": "x}\n}', /text is not closed/, '"x}'],
  ['{\n"app": tru\n}', /neither a text/, "tru"],
  ['{\n"app": 1e\n}', /not a number/, "1e"],
  ['{\n"app": "C:\\dir"\n}', /backslash/, '"C:'],
  ['{\n"app": "a\tb"\n}', /control character/, '"a'],
  ['{\n"app":\n}', /value is missing/, "}"],
  ['{\n"app": {},,\n}', /key in double quotes is expected/, ","],
  ['{\n"app": {}\n}\n}', /nothing may follow/, "}"],
  ['{\n"ports": [1\n}', /comma is missing|closing \]/, "}"],
  ['{\n"app": {} /* open\n}', /comment is not closed/, "/* open"],
];

for (const [text, message, place] of slips) {
  Deno.test(`a slip is pointed at: ${JSON.stringify(text)}`, () => {
    const [problem] = problemsOf(text);
    assert.ok(problem !== undefined);
    assert.match(problem.message, message);
    assert.equal(pointedAt(text, problem, place.length), place);
  });
}

Deno.test("a file that ends too soon names the line of the bracket that is open", () => {
  assertProblem('{\n"app": {},\n"nats": {\n"user": "a"\n', "", /still open \(see line 3\)/);
});

Deno.test("several slips on several lines are all reported, one a line", () => {
  const problems = problemsOf('{\n"app": tru,\n"nats": yes no,\n"ports": []\n}');
  assert.deepEqual(problems.map((problem) => problem.line), [2, 3]);
});

for (const text of ["", "  \n\n", "// nothing yet\n"]) {
  Deno.test(`an empty file is called empty: ${JSON.stringify(text)}`, () => {
    const problem = assertProblem(text, "", /empty/);
    assert.deepEqual([problem.line, problem.column], [1, 1]);
  });
}

Deno.test("a file that is not an object is refused", () => {
  for (const text of ["[]", "5", "null", '"text"']) {
    assertProblem(text, "", /the file must be an object/);
  }
});

Deno.test("a file that is nested without end is refused, not crashed on", () => {
  assertProblem("[".repeat(200_000), "", /nested too deep/);
  assertProblem('{"_a":'.repeat(100), "", /nested too deep/);
});
