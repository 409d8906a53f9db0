import assert from "node:assert/strict";
import type { Notice } from "../../../src/platform/notice.ts";
import { LineNotices } from "../../../src/source/serial/line_notices.ts";

function bench(): { readonly notices: LineNotices; readonly told: Notice[] } {
  const told: Notice[] = [];
  const report = (notice: Notice): void => void told.push(notice);
  return { notices: new LineNotices({ device: "/dev/ttyS0", report }), told };
}

Deno.test("settings that the driver did not take are told once, until it takes some", () => {
  const { notices, told } = bench();
  const at = (baudRate: number, parity: "none" | "even" = "none") =>
    ({ baudRate, dataBits: 8, parity, stopBits: 1 }) as const;
  notices.applied(at(9600), at(9600));
  notices.applied(at(57_600), at(58_000));
  assert.deepEqual(told, []);
  for (let i = 0; i < 3; i++) notices.applied(at(230_400), at(115_200));
  notices.applied(at(9600), at(9600));
  notices.applied(at(230_400), at(115_200));
  notices.applied(at(9600, "even"), at(9600));
  assert.deepEqual(told.map(({ kind, message }) => `${kind} ${message}`), [
    "settings_refused /dev/ttyS0: the port cannot be set to 230400 8N1, it takes 115200 8N1",
    "settings_refused /dev/ttyS0: the port cannot be set to 230400 8N1, it takes 115200 8N1",
    "settings_refused /dev/ttyS0: the port cannot be set to 9600 8E1, it takes 9600 8N1",
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
