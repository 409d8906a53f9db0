import assert from "node:assert/strict";
import { progressLine } from "../../src/cli/progress_bar.ts";

Deno.test("progress: the bar, what is done, the pace and the time left", () => {
  assert.equal(
    progressLine({ title: "nats", bytes: 1_200_000, share: 0.25, elapsedMs: 3000 }),
    "nats  [#####               ]  25 %  1.2 MB  400.0 kB/s  9 seconds left",
  );
});

Deno.test("progress: in the first second the time left is not guessed", () => {
  const line = progressLine({ title: "nats", bytes: 512, share: 0.01, elapsedMs: 20 });
  assert.equal(line, "nats  [                    ]   1 %  512 B");
});
