// Configurations for tests: a smallest one that is right, variations of it, and what is found wrong.

import assert from "node:assert/strict";
import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/load.ts";
import type { Problem } from "../../src/config/problem.ts";

export type Json = Record<string, unknown>;

/** A serial port that is right and enabled; `more` replaces or adds keys. */
export function serialPort(more: Json = {}): Json {
  return {
    device: "/dev/ttyS1",
    side_designation: "A1",
    fips_code: "1429010002",
    enabled: true,
    ...more,
  };
}

/** A file with one right serial port; `more` replaces or adds sections. */
export function sample(more: Json = {}): Json {
  return { ports: [serialPort()], ...more };
}

/** The configuration of a value or text that must be right. */
export function configOf(file: Json | string): Config {
  const loaded = parseConfig(textOf(file), "config.json");
  if (!loaded.ok) assert.fail(loaded.problems.map((problem) => problem.message).join("\n"));
  return loaded.config;
}

/** The problems of a value or text; empty when it is right. */
export function problemsOf(file: Json | string): readonly Problem[] {
  const loaded = parseConfig(textOf(file), "config.json");
  return loaded.ok ? [] : loaded.problems;
}

/** Asserts that the file has exactly one problem, at `path`, whose message matches. */
export function assertProblem(file: Json | string, path: string, message: RegExp): Problem {
  const problems = problemsOf(file);
  const all = problems.map((problem) => `${problem.path}: ${problem.message}`).join("\n");
  assert.equal(problems.length, 1, `problems found: ${problems.length}\n${all}`);
  const [problem] = problems;
  assert.ok(problem !== undefined);
  assert.equal(problem.path, path);
  assert.match(problem.message, message);
  return problem;
}

/** The characters of the text from where the problem points. */
export function pointedAt(text: string, problem: Problem, length: number): string {
  const line = text.split("\n")[problem.line - 1] ?? "";
  return line.slice(problem.column - 1, problem.column - 1 + length);
}

function textOf(file: Json | string): string {
  return typeof file === "string" ? file : JSON.stringify(file, null, 2);
}
