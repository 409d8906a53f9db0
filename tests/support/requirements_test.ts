import assert from "node:assert/strict";
import { environment, mount, program, type Requirement, Requirements } from "./requirements.ts";

const met: Requirement = { name: "air", isMet: () => true };
const missing: Requirement = { name: "a moon base", isMet: () => false };
const ofDeno: Requirement = { name: "a Deno that flies", isMet: () => false, isOfDeno: true };

interface Registered {
  readonly name: string;
  readonly ignore: boolean;
  readonly body: (context: Deno.TestContext) => void | Promise<void>;
}

class Scene {
  readonly registered: Registered[] = [];
  readonly printed: string[] = [];
  readonly endings: (() => void)[] = [];
  readonly requirements: Requirements;

  constructor(isCi: boolean) {
    this.requirements = new Requirements({
      isCi,
      register: (name, ignore, body) => this.registered.push({ name, ignore, body }),
      atEnd: (action) => this.endings.push(action),
      print: (message) => this.printed.push(message),
    });
  }
}

Deno.test("a test whose needs are met is an ordinary test, and nothing is printed", () => {
  const scene = new Scene(true);
  const body = (): void => {};
  scene.requirements.test([met], "breathes", body);
  assert.deepEqual(scene.registered, [{ name: "breathes", ignore: false, body }]);
  assert.deepEqual(scene.endings, []);
});

Deno.test("what is missing skips the test, and one summary names them all", () => {
  const scene = new Scene(false);
  scene.requirements.test([met, missing], "jumps high", () => {});
  scene.requirements.test([missing], "sees the earth", () => {});
  assert.deepEqual(scene.registered.map(({ ignore }) => ignore), [true, true]);
  for (const ending of scene.endings) ending();
  assert.deepEqual(scene.printed, [
    "\n!!! 2 TESTS SKIPPED, NOT PASSED !!!\n" +
    "  - jumps high (needs a moon base)\n" +
    "  - sees the earth (needs a moon base)\n",
  ]);
});

Deno.test("on CI what is missing is a failure that names it", (context) => {
  const scene = new Scene(true);
  scene.requirements.test([missing], "jumps high", () => {});
  const [registered] = scene.registered;
  assert.equal(registered?.ignore, false);
  assert.throws(() => registered?.body(context), /jumps high: this machine lacks a moon base/);
});

Deno.test("what this Deno cannot do is skipped on CI, too, and told; with anything else it is a failure", (context) => {
  const scene = new Scene(true);
  scene.requirements.test([ofDeno], "flies", () => {});
  scene.requirements.test([ofDeno, missing], "flies to the moon", () => {});
  const [skipped, failing] = scene.registered;
  assert.equal(skipped?.ignore, true);
  assert.throws(() => failing?.body(context), /lacks a Deno that flies, a moon base/);
  for (const ending of scene.endings) ending();
  const title = "!!! 1 TEST SKIPPED, NOT PASSED !!!";
  assert.deepEqual(scene.printed, [`\n${title}\n  - flies (needs a Deno that flies)\n`]);
});

Deno.test("program(), mount() and environment() look at this machine", () => {
  assert.equal(environment("PATH", "").isMet(), true);
  assert.equal(environment("NO_SUCH_VARIABLE", "").isMet(), false);
  assert.equal(program("sh").isMet(), true);
  assert.equal(program("no-such-program").isMet(), false);
  assert.equal(mount("/proc").isMet(), true);
  assert.equal(mount("/no/such/mount").isMet(), false);
});
