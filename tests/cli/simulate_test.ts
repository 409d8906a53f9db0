import assert from "node:assert/strict";
import { simulateCommand } from "../../src/cli/simulate.ts";
import type { SimulateSummary } from "../../src/cli/simulate_report.ts";
import { Libc } from "../../src/platform/libc.ts";
import { makers } from "../../src/simulate/makers.ts";
import { CollectorProcess } from "../support/collector_process.ts";
import { CommandProcess } from "../support/command_process.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { TerminalReader } from "../support/terminal_reader.ts";
import { waitFor } from "../support/wait_for.ts";
import { RecordingTerminal } from "./recording_terminal.ts";

/** Its ports are there. */
const started = /^seed \d+/m;

const quick = ["--settings", "115200 8N1", "--rate", "back-to-back"];

/** Runs the command to its end, in this process. */
async function simulate(...args: string[]): Promise<RecordingTerminal> {
  const terminal = new RecordingTerminal();
  await simulateCommand(terminal).parseAsync(args, { from: "user" });
  return terminal;
}

function summaryOf(terminal: RecordingTerminal): SimulateSummary {
  return JSON.parse(terminal.outLines.join("\n"));
}

Deno.test("simulate: help begins with examples and names all makers and their settings", () => {
  let help = "";
  simulateCommand(new RecordingTerminal())
    .configureOutput({ writeOut: (text) => help += text })
    .outputHelp();
  assert.match(help, /^Examples:\n {2}nectarcollector simulate\n/);
  for (const { name } of makers) assert.ok(help.includes(name), name);
  assert.match(help, /Mitel SX-200 +1200 7E1/);
});

Deno.test("simulate: what a reader gets is what the summary says", async () => {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  await using bench = new CommandProcess("simulate", [
    "--folder",
    folder.path,
    "--maker",
    "mitel",
    "--settings",
    "9600 8N1",
    "--json",
    "--rate",
    "50/s",
  ]);
  await bench.says(started);
  using reader = new TerminalReader(libc, folder.join("ttySim1"));
  await reader.takeUntil(44 * 5);
  bench.signal("SIGINT");
  await waitFor("the end", () => {
    if (!bench.ended) reader.take();
    return bench.ended;
  });
  const { code, out } = await bench.end();
  assert.equal(code, 0);
  const { ports: [port] }: SimulateSummary = JSON.parse(out);
  assert.ok(port !== undefined && port.bytes_sent >= 44 * 5);
  assert.equal(port.bytes_sent, reader.received.length + port.bytes_unread);
  assert.equal(port.bytes_sent, port.records * 44);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(`simulate: ${signal} ends it with a summary and leaves no names behind`, async () => {
    using folder = new TemporaryFolder();
    await using bench = new CommandProcess("simulate", [
      "--folder",
      folder.join("bench"),
      "--ports",
      "3",
    ]);
    await bench.says(started);
    const names = [...Deno.readDirSync(folder.join("bench"))].filter(({ isSymlink }) => isSymlink);
    assert.deepEqual(names.map(({ name }) => name).sort(), ["ttySim1", "ttySim2", "ttySim3"]);
    bench.signal(signal);
    const { code, out } = await bench.end();
    assert.equal(code, 0);
    assert.match(out, /ttySim3 {2}Toshiba CTX {2}\d+ records?, \d+ bytes sent, \d+ bytes not read/);
    assert.deepEqual([...Deno.readDirSync(folder.path)], []);
  });
}

Deno.test("simulate: bytes that nobody reads are in the summary", async () => {
  using folder = new TemporaryFolder();
  const terminal = await simulate("--folder", folder.path, "--records", "2", "--json", ...quick);
  assert.equal(terminal.exitCode, 0);
  const [port] = summaryOf(terminal).ports;
  assert.equal(port?.records, 2);
  assert.equal(port?.bytes_sent, 174);
  assert.equal(port?.bytes_unread, 174);
});

Deno.test("simulate: without --seed it tells one, and settings are those it ended with", async () => {
  using folder = new TemporaryFolder();
  const changes = ["--then", "57600 7E1", "--then-after", "1", "--records", "2"];
  const terminal = await simulate("--folder", folder.path, "--json", ...quick, ...changes);
  const { ports: [port], seed } = summaryOf(terminal);
  assert.ok(seed >= 1);
  assert.ok(terminal.errLines.includes(`seed ${seed}; Ctrl-C ends it`), `${terminal.errLines}`);
  assert.equal(port?.settings, "57600 7E1");
});

Deno.test("simulate: options that do not go together are wrong input, with the reason", async () => {
  const terminal = await simulate("--ports", "1", "--maker", "all");
  assert.equal(terminal.exitCode, 2);
  assert.deepEqual(terminal.errLines, ["error: --ports 1: 10 are named already"]);
});

Deno.test("simulate: a wrong value ends it with exit code 2 and what is allowed", async () => {
  await using bench = new CommandProcess("simulate", ["--maker", "acme"]);
  const { code, err } = await bench.end();
  assert.equal(code, 2);
  assert.match(err, /'--?m.*acme' is invalid\. find maker: acme: known are Avaya TELESEER, /);
});

Deno.test("simulate: a second one in the same folder is told who has it", async () => {
  using folder = new TemporaryFolder();
  await using bench = new CommandProcess("simulate", ["--folder", folder.path]);
  await bench.says(started);
  const terminal = await simulate("--folder", folder.path);
  assert.equal(terminal.exitCode, 3);
  assert.match(terminal.errLines.join(), /in use by another nectarcollector \(pid \d+\)/);
});

Deno.test("simulate: a collector with the configuration that it writes records every line", async () => {
  using folder = new TemporaryFolder();
  const config = folder.join("site.json");
  await using bench = new CommandProcess(
    "simulate",
    ["--folder", folder.join("bench"), "--write-config", config, "--json"]
      .concat("--maker", "norstar", "--settings", "9600 8N1", "--rate", "20/s"),
  );
  await bench.says(started);
  const text = Deno.readTextFileSync(config);
  Deno.writeTextFileSync(
    config,
    text.replace('"nats": {}', '"nats": {"url": "nats://127.0.0.1:1"}'),
  );
  await using collector = new CollectorProcess(config, folder.join("run"));
  await collector.start();
  const log = folder.join("nectarcollector-bench/log/1429010002-A1.log");
  const lines = (): number => Deno.readTextFileSync(log).split("\n").length - 1;
  await waitFor("ten lines in the log", () => lines() >= 10);
  bench.signal("SIGINT");
  const { ports: [port] }: SimulateSummary = JSON.parse((await bench.end()).out);
  assert.equal(port?.bytes_unread, 0);
  await waitFor("all lines in the log", () => lines() >= (port?.lines ?? Infinity));
  await collector.stop();
  assert.equal(lines(), port?.lines);
  assert.match(Deno.readTextFileSync(log), /\]\[A1\]\[.*\] -{8} .* LINE = \d{4} STN = \d{3}\n/);
});
