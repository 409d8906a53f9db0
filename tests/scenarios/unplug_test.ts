import assert from "node:assert/strict";
import { Site } from "../support/site.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

const backWithinMs = 2000;
const unplugs = 5;

Deno.test("a port that is pulled and plugged again captures within two seconds; the others notice nothing", async () => {
  await using site = new Site({ ports: 3 });
  await site.collector.start();
  const encoder = new TextEncoder();
  const expected: string[][] = site.terminals.map(() => []);
  let sending = true;
  const steady = [0, 2].map(async (port) => {
    for (let i = 0; sending; i++) {
      const record = `port ${port} record ${i}`;
      expected[port]?.push(record);
      await site.terminals[port]?.write(encoder.encode(`${record}\r\n`));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  for (let unplug = 0; unplug < unplugs; unplug++) {
    await site.terminals[1]?.write(encoder.encode(`whole ${unplug}\r\npartial ${unplug}`));
    expected[1]?.push(`whole ${unplug}`, `partial ${unplug}`);
    await waitFor(
      "the partial record in the log",
      () => site.logText(1).endsWith(`partial ${unplug}`),
    );
    site.terminals[1]?.unplug();
    await waitFor("the partial record's end", () => site.logText(1).endsWith(`${unplug}\n`));
    const pluggedMs = performance.now();
    await site.plug(1).write(encoder.encode(`back ${unplug}\r\n`));
    expected[1]?.push(`back ${unplug}`);
    await waitFor("a record after the plug", () => site.logText(1).includes(`back ${unplug}`));
    const tookMs = performance.now() - pluggedMs;
    assert.ok(tookMs < backWithinMs, `captured again after ${Math.round(tookMs)} ms`);
  }
  sending = false;
  await Promise.all(steady);
  for (const port of expected.keys()) {
    const found = await waitForValue(
      `all records of port ${port}`,
      () => site.records(port),
      (records) => records.length >= (expected[port]?.length ?? 0),
    );
    assert.deepEqual(found, expected[port]);
  }
  assert.equal(await site.collector.stop(), 0);
  const others = site.collector.log.filter((line) => line.includes("is gone"));
  assert.ok(others.every((line) => line.includes(site.channel(1))), others.join("\n"));
});
