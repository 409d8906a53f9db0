import assert from "node:assert/strict";
import { formatShare, shareLine, topShares } from "../../src/cli/line_shares.ts";
import { framings } from "../../src/source/serial/framing.ts";

function ranking(...shares: number[]): Parameters<typeof topShares>[0] {
  return shares.map((share, at) => {
    const framing = framings[at];
    assert.ok(framing);
    return { baudRate: 9600, framing, share };
  });
}

Deno.test("at most three settings are named, and only those that are rivals", () => {
  const named = (...shares: number[]): string[] =>
    topShares(ranking(...shares)).map(({ settings }) => settings);
  assert.deepEqual(named(0.4, 0.3, 0.2, 0.1), [
    "9600 8N1 (or 8N2, 7S1)",
    "9600 7E1 (or 7E2)",
    "9600 7O1 (or 7O2)",
  ]);
  assert.deepEqual(named(0.9995, 0.0005).length, 1);
});

Deno.test("a share is never said to be all, and has a bar beside it", () => {
  assert.deepEqual([0.99999, 0.999, 0.98765, 0.5, 0].map(formatShare), [
    "> 99.9 %",
    "99.9 %",
    "98.7 %",
    "50.0 %",
    "0.0 %",
  ]);
  assert.equal(
    shareLine({ settings: "9600 8E1", share: 0.25 }),
    "9600 8E1                    25.0 %  #####",
  );
  assert.ok(!shareLine({ settings: "9600 8E1", share: 0.01 }).endsWith(" "));
});
