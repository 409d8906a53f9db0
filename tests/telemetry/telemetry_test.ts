import assert from "node:assert/strict";
import type { Disk } from "../../src/platform/disk.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { type BoxFacts, type Space, Telemetry } from "../../src/telemetry/telemetry.ts";
import { configOf, sample } from "../config/sample.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { readAll } from "../support/journal_box.ts";
import { HandClock } from "../support/hand_clock.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";

const roomy: Space = { floorBytes: 0, isClosed: false, status: { belowFloor: false } };
const facts = {
  channels: [],
  sinks: [],
  conditions: ["nats: config.json:3:5: it is wrong"],
  strayErrors: 0,
};

/** A box's telemetry without a server, whose clock the test moves. */
class Bench implements AsyncDisposable {
  readonly folder = new TemporaryFolder();
  readonly clock = new HandClock();
  readonly log: Notice[] = [];
  readonly telemetry: Telemetry;

  constructor(readonly disk: Disk = systemDisk) {
    const config = configOf(sample({
      app: { instance_id: "psap-14" },
      logging: { base_path: this.folder.path },
      journal: { state_path: this.folder.path },
    }));
    const tailFolder = this.folder.join("tail");
    const { clock } = this;
    const log = (notice: Notice): void => void this.log.push(notice);
    this.telemetry = new Telemetry({ config, disk, clock, boot: "one", tailFolder, log });
  }

  start(boxFacts: () => BoxFacts = () => facts): void {
    const { clock, disk, log } = this;
    this.telemetry.start({
      tools: {
        statePath: this.folder.path,
        maxWaitMs: 100,
        disk,
        clock,
        report: (notice) => log.push(notice),
      },
      isDeliverable: false,
    }, boxFacts);
  }

  say(message: string, level: Notice["level"] = "info"): void {
    this.telemetry.report({ level, kind: "line_changed", message });
  }

  lines(file: string): Record<string, unknown>[] {
    return Deno.readTextFileSync(this.folder.join(file)).trimEnd().split("\n").filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  told(): unknown[] {
    return this.lines("events.log").map(({ msg }) => msg);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.telemetry[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

Deno.test("Telemetry: every notice is in the log, and an event with the time at which it came", async () => {
  await using bench = new Bench();
  bench.say("before opening");
  bench.say("for the makers", "debug");
  await bench.clock.advance(5);
  await bench.telemetry.open(roomy);
  bench.say("after opening");
  assert.deepEqual(bench.lines("events.log"), [
    {
      ts: "1970-01-01T00:00:00.000Z",
      type: "line_changed",
      instance: "psap-14",
      msg: "before opening",
      details: { level: "info" },
    },
    {
      ts: "1970-01-01T00:00:00.005Z",
      type: "line_changed",
      instance: "psap-14",
      msg: "after opening",
      details: { level: "info" },
    },
  ]);
  const said = bench.log.filter(({ kind }) => kind === "line_changed");
  assert.deepEqual(said.map(({ message }) => message), [
    "before opening",
    "for the makers",
    "after opening",
  ]);
});

Deno.test("Telemetry: a heartbeat at the start and then every minute, with what is wrong", async () => {
  await using bench = new Bench();
  await bench.telemetry.open(roomy);
  bench.start();
  await bench.clock.advance(3 * 60_000 + 1000);
  const beats = bench.lines("health.log");
  assert.deepEqual(beats.map(({ uptime_sec }) => uptime_sec), [0, 60, 120, 180]);
  assert.deepEqual(beats[3], {
    ts: "1970-01-01T00:03:00.000Z",
    v: 1,
    instance: "psap-14",
    fips: null,
    uptime_sec: 180,
    nats_connected: false,
    channels: [],
    stray_errors: 0,
    conditions: facts.conditions,
  });
});

Deno.test("Telemetry: a heartbeat that goes wrong is told, and the next one comes", async () => {
  await using bench = new Bench();
  await bench.telemetry.open(roomy);
  let asked = 0;
  bench.start(() => {
    if (asked++ === 1) throw new Error("no figures");
    return facts;
  });
  await bench.clock.advance(121_000);
  assert.deepEqual(bench.lines("health.log").map(({ uptime_sec }) => uptime_sec), [0, 120]);
  assert.deepEqual(
    bench.log.filter(({ kind }) => kind === "heartbeat_failed").map(({ message }) => message),
    ["write a heartbeat: no figures"],
  );
});

Deno.test("Telemetry: what a storm held back is told within a minute, or at the end", async () => {
  await using bench = new Bench();
  await bench.telemetry.open(roomy);
  bench.start();
  for (let i = 0; i < 1000; i++) bench.say("storm");
  assert.ok(bench.told().length < 50);
  await bench.clock.advance(66_000);
  const [summary] = bench.lines("events.log").slice(-1);
  assert.match(String(summary?.["msg"]), /^980 more within a minute/);
  assert.equal(
    bench.log.filter(({ message }) => message === "storm").length,
    1000,
    "all in the log",
  );
  for (let i = 0; i < 100; i++) bench.say("storm");
  await bench.telemetry[Symbol.asyncDispose]();
  assert.match(String(bench.lines("events.log").at(-1)?.["msg"]), /^80 more/);
});

Deno.test("Telemetry: below the floor events leave the disk to the records, and wait in memory", async () => {
  await using bench = new Bench();
  const status = { belowFloor: false };
  await bench.telemetry.open({ floorBytes: 0, isClosed: false, status });
  bench.say("before");
  const [events] = bench.telemetry.journals;
  assert.ok(events !== undefined);
  await events.sync();
  status.belowFloor = true;
  bench.say("at first");
  await events.sync();
  assert.equal(events.inMemory, true);
  bench.say("meanwhile");
  assert.ok(!bench.told().includes("meanwhile"), "it is not on the disk");
  await events.sync();
  assert.equal(events.syncedSequence, 3, "it can be delivered from memory");
  status.belowFloor = false;
  await waitFor("what was in memory on the disk", async () => {
    events.look();
    await events.sync();
    return !events.inMemory;
  });
  const { records } = await readAll(events);
  const texts = records.map(({ line }) => JSON.parse(new TextDecoder().decode(line)).msg);
  assert.deepEqual(texts, ["before", "at first", "meanwhile"]);
});

Deno.test("Telemetry: events that disk and memory refuse are counted, and told as soon as they take one", async () => {
  const disk = new FailingDisk();
  await using bench = new Bench(disk);
  await bench.telemetry.open(roomy);
  bench.say("kept");
  await bench.telemetry.journals[0]?.sync();
  disk.before = ({ what, path }) => {
    if (what === "append" || what === "open to append") throw new Error(`${what} ${path}`);
  };
  for (let i = 0; i < 3; i++) bench.say("lost");
  disk.heal();
  bench.say("later");
  assert.deepEqual(bench.told(), [
    "kept",
    "3 events were lost: disk and memory refused them",
    "later",
  ]);
  const [, told] = bench.lines("events.log");
  assert.equal(told?.["type"], "events_lost");
  assert.deepEqual(told["details"], { level: "error", events: 3 });
});

Deno.test("Telemetry: where no journal can be opened the log is told, and nothing else happens", async () => {
  const disk = new FailingDisk();
  await using bench = new Bench(disk);
  bench.say("before");
  disk.before = ({ what, path }) => {
    throw new Error(`${what} ${path}`);
  };
  await bench.telemetry.open(roomy);
  disk.heal();
  bench.start();
  bench.say("after");
  await bench.clock.advance(120_000);
  const kinds = bench.log.map(({ kind }) => kind);
  assert.equal(kinds.filter((kind) => kind === "telemetry_refused").length, 2);
  assert.equal(bench.log[0]?.message, "before");
  assert.equal(bench.log.at(-1)?.message, "after");
});

Deno.test("Telemetry: what goes wrong with its own journals is no event", async () => {
  const disk = new FailingDisk();
  await using bench = new Bench(disk);
  await bench.telemetry.open(roomy);
  disk.before = ({ what, path }) => {
    if (what === "sync" && path.includes("events")) throw new Error("no sync");
  };
  bench.say("one");
  await bench.telemetry.journals[0]?.sync().catch(() => {});
  disk.heal();
  await bench.telemetry.journals[0]?.sync();
  assert.ok(bench.log.some(({ message }) => message.startsWith("events: ")), "the log is told");
  assert.ok(bench.log.every(({ level }) => level !== "error"), "and nobody is alarmed");
  const all = [...Deno.readDirSync(bench.folder.path)].map(({ name }) => name)
    .filter((name) => /^events\..*log$/.test(name)).flatMap((name) => bench.lines(name));
  assert.deepEqual([...new Set(all.map(({ msg }) => msg))], ["one"]);
});
