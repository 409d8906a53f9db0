import assert from "node:assert/strict";
import { Libc } from "../../src/platform/libc.ts";
import { limitIn, processUse } from "../../src/platform/process_use.ts";

Deno.test("what a process opens is counted, and what it closes is not", () => {
  using libc = new Libc();
  const before = processUse(libc);
  const opened = Array.from({ length: 20 }, () => Deno.openSync("/dev/null"));
  assert.equal(processUse(libc).descriptors, before.descriptors + 20);
  for (const file of opened) file.close();
  assert.equal(processUse(libc).descriptors, before.descriptors);
  assert.ok(before.descriptors < before.descriptorLimit);
});

Deno.test("memory is counted in bytes", () => {
  using libc = new Libc();
  const { residentBytes, heapBytes } = processUse(libc);
  const [, kilobytes = ""] = /VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync("/proc/self/status")) ??
    [];
  const share = residentBytes / (Number(kilobytes) * 1024);
  assert.ok(share > 0.5 && share < 2, `${share}`);
  assert.ok(heapBytes > 0 && heapBytes < residentBytes);
});

Deno.test("the soft limit counts, and there may be none", () => {
  const line = (soft: string): string =>
    `Limit      Soft Limit   Hard Limit   Units\nMax open files   ${soft}   1048576   files\n`;
  assert.equal(limitIn(line("1024")), 1024);
  assert.equal(limitIn(line("unlimited")), Infinity);
});
