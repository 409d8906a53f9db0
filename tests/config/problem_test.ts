import assert from "node:assert/strict";
import { formatProblem, type Problem } from "../../src/config/problem.ts";
import { SourceText, withoutSecrets } from "../../src/config/source_text.ts";
import { problemsOf, sample } from "./sample.ts";

const problem: Problem = {
  file: "/etc/c.json",
  path: "a.b",
  line: 3,
  column: 8,
  message: "is wrong",
  text: '  "b": 7,',
};

Deno.test("a problem is its place, its message, its line and a caret", () => {
  const expected = '/etc/c.json:3:8: is wrong\n    "b": 7,\n         ^';
  assert.equal(formatProblem(problem), expected);
});

Deno.test("a problem with the file as a whole has no place in it", () => {
  const whole = { ...problem, line: 0, column: 0, text: "" };
  assert.equal(formatProblem(whole), "/etc/c.json: is wrong");
});

Deno.test("the caret stands right behind tabs, and control characters stay in the file", () => {
  const [, line, caret] = formatProblem({ ...problem, column: 9, text: '\t\x1b[2J"b": 7' }).split(
    "\n",
  );
  assert.equal(line, '   ·[2J"b": 7');
  assert.equal(caret?.length, 2 + 9);
});

Deno.test("a long line is cut around the place, with the caret under the same character", () => {
  const text = `${"x".repeat(500)}!${"y".repeat(500)}`;
  for (const column of [1, 40, 501, 1000]) {
    const [, line, caret] = formatProblem({ ...problem, column, text }).split("\n");
    assert.ok(line !== undefined && caret !== undefined && line.length < 110);
    assert.equal(line[caret.length - 1], text[column - 1]);
  }
});

Deno.test("lines end with LF, CR LF or CR, and the end of the text has a place", () => {
  const source = new SourceText("ab\ncd\r\nef\rgh");
  assert.deepEqual(source.at(0), { line: 1, column: 1, text: "ab" });
  assert.deepEqual(source.at(4), { line: 2, column: 2, text: "cd" });
  assert.deepEqual(source.at(7), { line: 3, column: 1, text: "ef" });
  assert.deepEqual(source.at(11), { line: 4, column: 2, text: "gh" });
  assert.deepEqual(source.at(99), { line: 4, column: 3, text: "gh" });
});

/** A line of a file, and what of it may be shown. */
const secrets: [string, string][] = [
  ['"password": "a b\\"c", "x": 1', '"password": "* **"*", "x": 1'],
  ['"password_hash":"abc"', '"password_hash":"***"'],
  ['"_old_password": "abc"', '"_old_password": "***"'],
  ['"pasword": "abc"', '"pasword": "***"'],
  ['"token": 12345, "x": 1', '"token": *****, "x": 1'],
  ['"token": [1, 2]', '"token": *** **'],
  ['"password": "abc', '"password": "***'],
  ['"password" "abc"', '"password" "***"'],
  ["'password': 'abc'", "'password': *****"],
  ['"url": "nats://u:p@w@h:4222,x"', '"url": "nats://*****@h:4222,x"'],
  ['"password_file": "/etc/p"', '"password_file": "/etc/p"'],
  ['"vendor": "token", "x": 1', '"vendor": "token", "x": 1'],
];

for (const [line, shown] of secrets) {
  Deno.test(`withoutSecrets() leaves of ${line} only ${shown}`, () => {
    assert.equal(withoutSecrets(line), shown);
  });
}

Deno.test("no problem shows a secret, neither in its message nor in its line", () => {
  const found = problemsOf(sample({
    nats: { url: "http://me:s3cret@h", password: { is: "s3cret" }, user: 1 },
    monitoring: { passwrd: "s3cret", username: 1 },
  }));
  assert.equal(found.length, 5);
  assert.doesNotMatch(JSON.stringify(found), /s3cret/);
  const oneLine = `{"nats": {"token": "s3cret", "user": 1, "url": "nats://a:s3cret@h", x}}`;
  assert.doesNotMatch(JSON.stringify(problemsOf(oneLine)), /s3cret/);
});
