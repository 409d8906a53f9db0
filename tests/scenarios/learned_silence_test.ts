import assert from "node:assert/strict";
import { Site } from "../support/site.ts";
import { waitFor } from "../support/wait_for.ts";

Deno.test("what is usual on a port is kept at a stop, taken up at a start, and begun anew when it is damaged", async () => {
  await using site = new Site({ ports: 1, portKeys: { silence_alarm_sec: "learned" } });
  const path = site.folder.join("state", `${site.channel(0)}.traffic.json`);
  /** A call is recorded; returns what the log says of learning. */
  const run = async (call: string): Promise<string[]> => {
    const seen = site.collector.log.length;
    await site.collector.start();
    await site.terminals[0]?.write(new TextEncoder().encode(`${call}\r\n`));
    await waitFor("the record", () => site.logText(0).includes(call));
    assert.equal(await site.collector.stop(), 0);
    return site.collector.log.slice(seen).filter((line) => line.includes("is learned"));
  };
  const [learning, ...more] = await run("first call");
  assert.match(learning ?? "", /1429010002-A1: what is usual is learned, for two weeks/);
  assert.deepEqual(more, []);
  assert.equal(JSON.parse(Deno.readTextFileSync(path)).waiting.at(-1).arrivals, 1);
  assert.deepEqual(await run("second call"), []);
  const { traffic } = JSON.parse(Deno.readTextFileSync(path));
  assert.deepEqual(traffic.arrivals.filter((count: number) => count > 0), [1]);
  Deno.writeTextFileSync(path, '{"version":1,"traff');
  const [anew] = await run("third call");
  assert.ok(anew?.includes(`cannot use ${path}`), anew);
  assert.equal(JSON.parse(Deno.readTextFileSync(path)).version, 1);
});
