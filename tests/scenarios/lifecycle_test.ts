import assert from "node:assert/strict";
import { CollectorProcess } from "../support/collector_process.ts";
import { Site } from "../support/site.ts";
import { waitFor } from "../support/wait_for.ts";

const stopWithinMs = 5000;

Deno.test("SIGTERM ends it within five seconds, with code 0, and keeps what is unfinished", async () => {
  await using site = new Site({ ports: 1 });
  await site.collector.start();
  await site.terminals[0]?.write(new TextEncoder().encode("whole\r\nunfinished"));
  await waitFor("the bytes in the log", () => site.logText(0).endsWith("unfinished"));
  const startMs = performance.now();
  assert.equal(await site.collector.stop(), 0);
  assert.ok(performance.now() - startMs < stopWithinMs);
  assert.deepEqual(site.records(0), ["whole", "unfinished"]);
});

Deno.test("a record that a kill cut in two is one record afterwards", async () => {
  await using site = new Site({ ports: 1 });
  await site.collector.start();
  await site.terminals[0]?.write(new TextEncoder().encode("first half, "));
  await waitFor("the first half in the log", () => site.logText(0).endsWith("first half, "));
  await site.collector.kill();
  await site.collector.start();
  await site.terminals[0]?.write(new TextEncoder().encode("second half\r\n"));
  await waitFor("the whole record", () => site.records(0).length === 1);
  assert.deepEqual(site.records(0), ["first half, second half"]);
  assert.ok(site.collector.log.some((line) => line.includes("ended without a stop")));
});

Deno.test("a second collector on the same folders is refused, by name, with code 3", async () => {
  await using site = new Site({ ports: 1 });
  await site.collector.start();
  await using second = new CollectorProcess(
    site.folder.join("config.json"),
    site.folder.join("other run"),
  );
  second.launch();
  assert.equal(await second.ended(), 3);
  const said = second.log.join("\n");
  assert.match(
    said,
    new RegExp(`in use by another nectarcollector \\(pid ${site.collector.pid}\\)`),
  );
  assert.equal(await site.collector.stop(), 0);
});

Deno.test("a configuration with problems is refused with code 2, and nothing is started", async () => {
  await using site = new Site({ ports: 1 });
  Deno.writeTextFileSync(site.folder.join("config.json"), '{ "ports": [] }');
  site.collector.launch();
  assert.equal(await site.collector.ended(), 2);
  assert.match(site.collector.log.join("\n"), /config\.json:1:\d+: .*port/);
  assert.throws(() => Deno.statSync(site.folder.join("state")), Deno.errors.NotFound);
});

Deno.test("a log folder that cannot be used is told, with what to do, and capture goes on in memory", async () => {
  await using site = new Site({ ports: 1, logFolder: "/proc/no-such-folder" });
  await site.collector.start();
  await site.terminals[0]?.write(new TextEncoder().encode("kept\r\n"));
  const tail = site.folder.join("run", "tail");
  await waitFor(
    "the record in memory",
    () =>
      Array.from(Deno.readDirSync(tail), ({ name }) => `${tail}/${name}`)
        .some((path) => path.endsWith(".log") && Deno.readTextFileSync(path).endsWith("kept\n")),
  );
  assert.equal(await site.collector.stop(), 0);
  const said = site.collector.log.join("\n");
  assert.match(said, /use \/proc\/no-such-folder: .*\n {4}→ make the folder/m);
  assert.match(said, /capture goes on in memory/);
});

Deno.test("the operational log is JSON lines in a file beside the records", async () => {
  await using site = new Site({ ports: 1 });
  await site.collector.start();
  assert.equal(await site.collector.stop(), 0);
  const text = Deno.readTextFileSync(site.folder.join("log", "nectarcollector.log"));
  const kinds = text.trimEnd().split("\n").map((line) => JSON.parse(line).kind);
  assert.ok(kinds.indexOf("source_opened") < kinds.indexOf("service_start"));
  assert.equal(kinds.at(-1), "service_stop");
});
