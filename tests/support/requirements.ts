// Some tests need what not every machine has: root, a program, a mount. They say so, are
// skipped where it is missing, and the skipping is told loudly at the end. On CI nothing may
// be missing that the machine should have: there the same is a failure. What the oldest Deno cannot
// do is skipped there as well, and told.

import { readFileSync } from "node:fs";
import { findProgram } from "../../src/simulate/program_path.ts";

export interface Requirement {
  readonly name: string;
  readonly isMet: () => boolean;
  /** Only newer versions of Deno have it: no machine can make up for it. */
  readonly isOfDeno?: true;
}

export const root: Requirement = { name: "root", isMet: () => Deno.uid() === 0 };

export function program(name: string): Requirement {
  return { name: `the program ${name}`, isMet: () => findProgram(name) !== undefined };
}

/** A variable that must be set; `how` is the command that does it. */
export function environment(name: string, how: string): Requirement {
  return {
    name: `the variable ${name} (${how})`,
    isMet: () => (Deno.env.get(name) ?? "") !== "",
  };
}

/** A file system mounted exactly there. */
export function mount(path: string): Requirement {
  return {
    name: `a mount at ${path}`,
    isMet: () =>
      readFileSync("/proc/self/mounts", "utf8").split("\n").some((line) =>
        line.split(" ")[1] === path
      ),
  };
}

type TestBody = (context: Deno.TestContext) => void | Promise<void>;

/** What a test file does to the outside; replaced where this file itself is tested. */
export interface Surroundings {
  readonly isCi: boolean;
  readonly register: (name: string, ignore: boolean, body: TestBody) => void;
  readonly atEnd: (action: () => void) => void;
  readonly print: (message: string) => void;
}

export class Requirements {
  readonly #surroundings: Surroundings;
  readonly #skipped: string[] = [];

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** Registers a test, or its skipping, or on CI its failure. */
  test(needs: readonly Requirement[], name: string, body: TestBody): void {
    const lacking = needs.filter((need) => !need.isMet());
    if (lacking.length === 0) return this.#surroundings.register(name, false, body);
    const missing = lacking.map((need) => need.name).join(", ");
    if (this.#surroundings.isCi && !lacking.every(({ isOfDeno }) => isOfDeno)) {
      return this.#surroundings.register(name, false, () => {
        throw new Error(`run on CI: ${name}: this machine lacks ${missing}`);
      });
    }
    this.#surroundings.register(name, true, body);
    if (this.#skipped.length === 0) this.#surroundings.atEnd(() => this.#summarize());
    this.#skipped.push(`  - ${name} (needs ${missing})`);
  }

  #summarize(): void {
    const count = this.#skipped.length;
    const title = `!!! ${count} ${count === 1 ? "TEST" : "TESTS"} SKIPPED, NOT PASSED !!!`;
    this.#surroundings.print(["", title, ...this.#skipped, ""].join("\n"));
  }
}

const requirements = new Requirements({
  isCi: Deno.env.get("CI") === "true",
  register: (name, ignore, fn) => Deno.test({ name, ignore, fn }),
  atEnd: (action) => globalThis.addEventListener("unload", action),
  print: (message) => console.error(message),
});

/**
 * `requires(root, program("mount")).test("a full disk …", async () => { … });`
 */
export function requires(
  ...needs: readonly Requirement[]
): { readonly test: (name: string, body: TestBody) => void } {
  return { test: (name, body) => requirements.test(needs, name, body) };
}
