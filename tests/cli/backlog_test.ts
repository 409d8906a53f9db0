import assert from "node:assert/strict";
import { backlogCommand } from "../../src/cli/backlog.ts";
import type { BacklogReport } from "../../src/cli/backlog_report.ts";
import { CommandProcess } from "../support/command_process.ts";
import { headerText } from "../support/journal_box.ts";
import { fips, KeptSite } from "../support/kept_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { waitFor } from "../support/wait_for.ts";

const { test } = requires(natsServer);

async function report(site: KeptSite, ...args: string[]): Promise<BacklogReport> {
  const terminal = await site.run(backlogCommand, "--json", "--seconds", "1", ...args);
  assert.equal(terminal.exitCode, 0, terminal.errLines.join("\n"));
  return JSON.parse(terminal.outLines.join("\n"));
}

test("backlog: counts what waits while NATS is away, across segments, and nothing else", async () => {
  await using site = await KeptSite.open({ sides: ["A1", "A2"] });
  await site.deliver(50);
  await site.packed();
  await site.server.stop();
  const lines: string[] = [];
  for (let i = 0; i < 8; i++) {
    for (const text of site.feed(10)) lines.push(text);
    await site.sync();
  }
  site.startSink();
  const { backlogs, records, bytes } = await report(site);
  assert.equal(backlogs.length, 2);
  for (const [i, backlog] of backlogs.entries()) {
    const channel = `${fips}-A${i + 1}`;
    const expected = lines.filter((line) => line.startsWith(channel))
      .reduce((sum, line) => sum + headerText.length + line.length + 1, 0);
    assert.equal(backlog.channel, channel);
    assert.equal(backlog.sink, "nats");
    assert.equal(backlog.records, 80);
    assert.equal(backlog.bytes, expected);
    assert.equal(backlog.next_sequence, 51);
    assert.equal(backlog.oldest_time, "2025-12-03T15:04:05.123Z");
    assert.equal(backlog.delivered_per_second, 0);
    assert.equal(backlog.drained_in_ms, null);
  }
  assert.equal(records, 160);
  assert.equal(bytes, backlogs.reduce((sum, backlog) => sum + backlog.bytes, 0));
  const { outLines } = await site.run(backlogCommand, "--seconds", "1");
  assert.match(
    outLines[0] ?? "",
    /^1429010002-A1 → nats {2}80 records, [\d.]+ kB; the oldest of 2025-12-03 15:04:05\.123, .* ago; nothing is delivered now/,
  );
  assert.match(outLines.at(-1) ?? "", /^160 records wait, /);
});

test("backlog: nothing waits when all is delivered, and one look is enough", async () => {
  await using site = await KeptSite.open();
  await site.deliver(30);
  const { outLines, exitCode } = await site.run(backlogCommand, "--seconds", "3600");
  assert.deepEqual(outLines, ["1429010002-A1 → nats  nothing waits", "", "nothing waits"]);
  assert.equal(exitCode, 0);
});

test("backlog: before the first delivery everything waits", async () => {
  await using site = await KeptSite.open();
  site.feed(5);
  await site.sync();
  const { backlogs } = await report(site);
  assert.equal(backlogs[0]?.records, 5);
  assert.equal(backlogs[0]?.next_sequence, 1);
});

test("backlog: --watch looks again and again, until Ctrl-C", async () => {
  await using site = await KeptSite.open();
  site.feed(5);
  await site.sync();
  const args = ["--watch", "--json", "--seconds", "1", "--config", site.join("config.json")];
  await using command = new CommandProcess("backlog", args);
  await waitFor("three looks", () => command.said.split("\n").length > 3, { timeoutMs: 30_000 });
  command.signal("SIGINT");
  const { code, out } = await command.end();
  assert.equal(code, 0);
  const looks = out.trimEnd().split("\n").map((line): BacklogReport => JSON.parse(line));
  assert.ok(looks.every(({ records }) => records === 5));
  assert.equal(looks[0]?.backlogs[0]?.delivered_per_second, null);
  assert.equal(looks[1]?.backlogs[0]?.delivered_per_second, 0);
});

test("backlog: a folder that is not there is told with what to do", async () => {
  await using site = await KeptSite.open();
  Deno.renameSync(site.join("log"), site.join("elsewhere"));
  const { exitCode, errLines } = await site.run(backlogCommand);
  Deno.renameSync(site.join("elsewhere"), site.join("log"));
  assert.equal(exitCode, 2);
  assert.match(
    errLines.join("\n"),
    /^error: read .*log: [^]*\n {2}→ nothing was ever captured there/,
  );
});
