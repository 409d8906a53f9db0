import assert from "node:assert/strict";
import type { Notice } from "../../../src/platform/notice.ts";
import { LineNotices } from "../../../src/source/serial/line_notices.ts";

function bench(): { readonly notices: LineNotices; readonly told: Notice[] } {
  const told: Notice[] = [];
  const report = (notice: Notice): void => void told.push(notice);
  return { notices: new LineNotices({ device: "/dev/ttyS0", report }), told };
}

Deno.test("a speed that the driver did not take is told once, until it takes one", () => {
  const { notices, told } = bench();
  notices.applied({ asked: 9600, taken: 9600 });
  notices.applied({ asked: 57_600, taken: 58_000 });
  assert.deepEqual(told, []);
  for (let i = 0; i < 3; i++) notices.applied({ asked: 230_400, taken: 115_200 });
  notices.applied({ asked: 9600, taken: 9600 });
  notices.applied({ asked: 230_400, taken: 115_200 });
  assert.deepEqual(told.map(({ kind, message }) => `${kind} ${message}`), [
    "speed_refused /dev/ttyS0: the port cannot be set to 230400 bits a second, it stays at 115200",
    "speed_refused /dev/ttyS0: the port cannot be set to 230400 bits a second, it stays at 115200",
  ]);
});

Deno.test("a line that is not as configured is told once, and that it is so again", () => {
  const { notices, told } = bench();
  const mismatch = "set to 9600 8N1, the line looks like 9600 7E1";
  for (const each of [null, mismatch, mismatch, null, null]) notices.compare(each);
  assert.deepEqual(told.map(({ kind, message }) => `${kind} ${message}`), [
    `line_mismatch /dev/ttyS0: ${mismatch}`,
    "line_mismatch_over /dev/ttyS0: the line is as configured",
  ]);
});
