import assert from "node:assert/strict";
import { FaultGuard } from "../../src/channel/fault_guard.ts";
import { CatchBuffer, catchBufferBytes } from "../../src/channel/catch_buffer.ts";
import { Channel } from "../../src/channel/channel.ts";
import type { Silence } from "../../src/channel/silence.ts";
import { SilenceWatch } from "../../src/channel/silence_watch.ts";
import { LineFramer } from "../../src/framer/line_framer.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { type Disk, systemDisk } from "../../src/platform/disk.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { JournalBox, plain, readAll } from "../support/journal_box.ts";
import { ScriptedSource } from "../support/scripted_source.ts";
import { waitFor } from "../support/wait_for.ts";

/** A channel over a journal on a real disk, whose source a test plays. */
class Bench implements AsyncDisposable {
  private constructor(
    readonly channel: Channel,
    readonly source: ScriptedSource,
    /** How often the channel said that the source's settings work. */
    readonly proofs: readonly true[],
  ) {}

  static async open(options: {
    readonly box: JournalBox;
    readonly memory?: Uint8Array<ArrayBuffer>;
    readonly disk?: Disk;
    readonly idleFlushMs?: number;
    readonly silence?: Silence;
    readonly maxSegmentBytes?: number;
    readonly boot?: string;
    readonly isKept?: boolean;
  }): Promise<Bench> {
    const { box, disk = systemDisk, idleFlushMs = 60_000, boot = "first boot" } = options;
    const { maxSegmentBytes = 1_000_000 } = options;
    const catchBuffer = new CatchBuffer(options.memory ?? new Uint8Array(catchBufferBytes));
    const caught = catchBuffer.left;
    const journal = await box.open({ maxSegmentBytes, cutBackTo: caught?.place, disk, boot });
    const source = new ScriptedSource();
    source.isKept = options.isKept ?? false;
    const proofs: true[] = [];
    const channel = new Channel({
      journal,
      source,
      framer: new LineFramer({ position: journal.position }),
      catchBuffer,
      clock: systemClock,
      idleFlushMs,
      silence: options.silence,
      report: (notice) => box.notices.push(notice),
      firstRecord: () => proofs.push(true),
    });
    channel.start(caught);
    return new Bench(channel, source, proofs);
  }

  async records(): Promise<string[]> {
    await this.channel.journal.sync();
    const { records } = await readAll(this.channel.journal);
    return records.map(plain).map(({ text, end }) => `${text} (${end})`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.channel.stop();
    await this.channel.journal.close();
  }
}

Deno.test("Channel: what a source reads becomes records", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open({ box });
  bench.source.handler.opened("9600 8N1");
  assert.equal(bench.source.read("one\r\ntw"), true);
  assert.equal(bench.source.read("o\r\n"), true);
  assert.deepEqual(await bench.records(), ["one (carriage_return)", "two (carriage_return)"]);
  const { state, detail, bytes, lastSequence } = bench.channel.status;
  assert.deepEqual({ state, detail, bytes, lastSequence }, {
    state: "running",
    detail: "9600 8N1",
    bytes: 10,
    lastSequence: 2,
  });
});

Deno.test("Channel: the first record after each opening proves the source's settings", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open({ box });
  bench.source.handler.opened("9600 8N1");
  bench.source.read("no record yet");
  assert.equal(bench.proofs.length, 0);
  bench.source.read("\n");
  bench.source.read("another\n");
  assert.equal(bench.proofs.length, 1);
  bench.source.handler.closed("device gone");
  bench.source.handler.opened("9600 8N1");
  bench.source.read("again\n");
  assert.equal(bench.proofs.length, 2);
});

Deno.test("Channel: a record that stays unfinished is ended after the idle time, not before", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open({ box, idleFlushMs: 50 });
  const startMs = performance.now();
  bench.source.read("unfinished");
  await waitFor("the record's end", () => bench.channel.journal.lastSequence === 1);
  assert.ok(performance.now() - startMs >= 49);
  assert.deepEqual(await bench.records(), ["unfinished (idle)"]);
  bench.source.read("\r\n");
  bench.source.read("next\n");
  assert.deepEqual(await bench.records(), ["unfinished (idle)", "next (line_feed)"]);
});

Deno.test("Channel: bytes keep a record from being idle", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open({ box, idleFlushMs: 200 });
  const endMs = performance.now() + 500;
  while (performance.now() < endMs) {
    bench.source.read(".");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(bench.channel.journal.lastSequence, 0);
});

Deno.test("Channel: a record is not idle while the rest of it waits to be read", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open({ box, idleFlushMs: 30 });
  bench.source.read("begun, ");
  bench.source.hasBytes = true;
  await new Promise((resolve) => setTimeout(resolve, 200));
  bench.source.read("held up, done\n");
  bench.source.hasBytes = false;
  assert.deepEqual(await bench.records(), ["begun, held up, done (line_feed)"]);
});

Deno.test("Channel: an unfinished record of the last run is ended too when nothing follows", async () => {
  using box = new JournalBox();
  await using killed = await Bench.open({ box });
  killed.source.read("left over");
  using left = box.copy();
  await using second = await Bench.open({ box: left, idleFlushMs: 30 });
  await waitFor("the record's end", () => second.channel.journal.lastSequence === 1);
  assert.deepEqual(await second.records(), ["left over (idle)"]);
});

Deno.test("Channel: a record that a reboot cut off ends there; what comes later is not its end", async () => {
  using box = new JournalBox();
  await using cut = await Bench.open({ box });
  cut.source.read("one\nhalf a rec");
  using left = box.copy();
  await using bench = await Bench.open({ box: left, boot: "second boot" });
  bench.source.read("ord\nanother\n");
  assert.deepEqual(await bench.records(), [
    "one (line_feed)",
    "half a rec (reboot)",
    "ord (line_feed)",
    "another (line_feed)",
  ]);
});

Deno.test("Channel: a record goes on over a stop where the source is kept meanwhile, else it ends there", async () => {
  using box = new JournalBox();
  const memory = new Uint8Array(catchBufferBytes);
  {
    await using first = await Bench.open({ box, memory, isKept: true });
    first.source.read("one\ntw");
    await first.channel.stop();
    assert.deepEqual(await first.records(), ["one (line_feed)"]);
  }
  {
    await using second = await Bench.open({ box, memory, isKept: true });
    second.source.read("o\nthr");
    assert.deepEqual(await second.records(), ["one (line_feed)", "two (line_feed)"]);
  }
  await using third = await Bench.open({ box, memory, isKept: false });
  third.source.read("ee\n");
  assert.deepEqual((await third.records()).slice(2), ["thr (stop)", "ee (line_feed)"]);
});

Deno.test("Channel: what is undecided when a kept source stops is decided in the next run, or at its start", async () => {
  for (const isKept of [true, false]) {
    using box = new JournalBox();
    const memory = new Uint8Array(catchBufferBytes);
    {
      await using first = await Bench.open({ box, memory, isKept: true });
      first.source.isUndecided = true;
      first.source.read("on");
    }
    await using second = await Bench.open({ box, memory, isKept });
    second.source.read("e\n");
    const expected = isKept ? ["one (line_feed)"] : ["on (stop)", "e (line_feed)"];
    assert.deepEqual(await second.records(), expected);
  }
});

Deno.test("Channel: a source that was set otherwise ends the open record, and no other", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open({ box });
  bench.source.read("misread");
  for (const text of ["call\n", "another\n"]) {
    bench.source.begins = true;
    bench.source.read(text);
  }
  assert.deepEqual(await bench.records(), [
    "misread (broken_off)",
    "call (line_feed)",
    "another (line_feed)",
  ]);
});

Deno.test("Channel: a device that goes away ends the open record as partial", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open({ box });
  bench.source.read("half");
  bench.source.handler.closed("device gone");
  assert.equal(bench.channel.status.state, "reconnecting");
  assert.deepEqual(await bench.records(), ["half (hang_up)"]);
});

Deno.test("Channel: a disk that refuses stops the reading; afterwards nothing is missing or twice", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using bench = await Bench.open({ box, disk });
  assert.equal(bench.source.read("before\nbeg"), true);
  disk.freeBytes = 7;
  assert.equal(bench.source.read("un\nrefused\n"), false);
  assert.equal(bench.channel.status.state, "failed");
  assert.equal(bench.source.read("more\n"), "no room");
  disk.heal();
  await waitFor("the source to be resumed", () => bench.source.resumed === 1);
  assert.equal(bench.source.read("more\n"), true);
  assert.deepEqual(await bench.records(), [
    "before (line_feed)",
    "begun (line_feed)",
    "refused (line_feed)",
    "more (line_feed)",
  ]);
  const kinds = box.notices.map(({ kind }) => kind);
  assert.ok(kinds.includes("append_refused") && kinds.includes("append_resumed"));
});

Deno.test("Channel: a rotation that the disk refuses costs nothing and is told once", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using bench = await Bench.open({ box, disk, maxSegmentBytes: 40 });
  assert.equal(bench.source.read("fills the segment\n"), true);
  let refusals = 0;
  disk.before = ({ what }) => {
    if (what !== "rename") return;
    refusals += 1;
    throw new Error("no");
  };
  assert.equal(bench.source.read("goes on\n"), true);
  await waitFor("some more attempts", async () => {
    await bench.channel.journal.sync();
    return refusals >= 4;
  });
  const told = (kind: string): number => box.notices.filter((each) => each.kind === kind).length;
  assert.equal(told("disk_refuses"), 1);
  assert.equal(told("disk_takes_records"), 0);
  const all = ["fills the segment (line_feed)", "goes on (line_feed)"];
  assert.deepEqual(await bench.records(), all);
  disk.heal();
  await waitFor("the disk to have all", async () => {
    await bench.channel.journal.sync();
    return !bench.channel.journal.inMemory && box.tailFiles().length === 0;
  });
  assert.equal(told("disk_takes_records"), 1);
  assert.deepEqual(await bench.records(), all);
});

Deno.test("Channel: a disk that refuses to the end does not keep it from stopping, and loses nothing", async () => {
  using box = new JournalBox();
  const memory = new Uint8Array(catchBufferBytes);
  const disk = new FailingDisk();
  const bench = await Bench.open({ box, memory, disk });
  assert.equal(bench.source.read("kept\n"), true);
  disk.before = ({ what }) => {
    if (what === "append" || what === "sync") throw new Error("no");
  };
  assert.equal(bench.source.read("refused\n"), false);
  await bench.channel.stop();
  assert.equal(bench.channel.holding, true);
  await bench.channel.journal.close();
  await using next = await Bench.open({ box, memory });
  assert.deepEqual(await next.records(), ["kept (line_feed)", "refused (line_feed)"]);
});

Deno.test("Channel: whichever file-system call a kill comes before, every byte read is kept once", async () => {
  const maxSegmentBytes = 150;
  for (let call = 1;; call++) {
    using box = new JournalBox();
    const memory = new Uint8Array(catchBufferBytes);
    const disk = new FailingDisk();
    const doomed = await Bench.open({ box, memory, disk, maxSegmentBytes });
    for (const text of ["one\r", "\ntwo\r\n", "three\r\nthree and a "]) doomed.source.read(text);
    let seen = 0;
    disk.before = () => {
      seen += 1;
      if (seen >= call) throw new Error("killed");
    };
    doomed.source.read("half\r\nfour\r\nfi");
    using after = box.copy();
    disk.heal();
    await using bench = await Bench.open({ box: after, memory: memory.slice(), maxSegmentBytes });
    const expected = ["one", "two", "three", "three and a half", "four"];
    const found = (await bench.records()).map((record) => record.replace(/ \(.*/, ""));
    if (seen < call) {
      assert.deepEqual(found, expected);
      await doomed[Symbol.asyncDispose]();
      assert.ok(call > 10, `a rotation and an append take more than ${call} calls`);
      return;
    }
    // A kill in the rotation comes before the read: the port still has the bytes.
    const read = bench.channel.status.bytes > 0;
    assert.deepEqual(found, read ? expected : expected.slice(0, 3), `killed before call ${call}`);
    assert.equal(
      bench.channel.journal.position.openBytes,
      read ? "fi".length : "three and a ".length,
    );
    await doomed[Symbol.asyncDispose]();
  }
});

Deno.test("Channel: silence is told, and in the status, until something is heard", async () => {
  using box = new JournalBox();
  const silence = new SilenceWatch({
    guard: new FaultGuard(),
    name: "1429010002-A1",
    limitMs: 50,
    clock: systemClock,
    report: (notice) => box.notices.push(notice),
  });
  await using bench = await Bench.open({ box, silence });
  bench.source.handler.opened("9600 8N1");
  await waitFor("silence", () => bench.channel.status.isSilent);
  bench.source.read("a");
  assert.equal(bench.channel.status.isSilent, false);
  const kinds = box.notices.map(({ kind }) => kind).filter((kind) => kind.startsWith("silence"));
  assert.deepEqual(kinds, ["silence", "silence_over"]);
});

Deno.test("Channel: silence counts while the source is open and has a signal, up to the stop", async () => {
  using box = new JournalBox();
  const told: (string | boolean)[] = [];
  const silence: Silence = {
    isSilent: true,
    heard: () => void told.push("heard"),
    listen: (isListening) => void told.push(isListening),
    stop: () => {
      told.push("stop");
      return Promise.resolve();
    },
  };
  const bench = await Bench.open({ box, silence });
  const { handler } = bench.source;
  const after = (action: () => void): (string | boolean)[] => {
    action();
    return told.splice(0);
  };
  assert.deepEqual(after(() => handler.detecting("finding out")), [true]);
  assert.deepEqual(after(() => handler.opened("9600 8N1")), [true]);
  assert.deepEqual(after(() => bench.source.read("a\n")), ["heard"]);
  assert.deepEqual(after(() => handler.signal(false)), [false]);
  assert.deepEqual(after(() => handler.opened("9600 8N1")), [false]);
  assert.deepEqual(after(() => handler.signal(true)), [true]);
  assert.deepEqual(after(() => handler.closed("device gone")), [false]);
  assert.deepEqual(after(() => handler.signal(true)), [false]);
  assert.deepEqual(after(() => handler.opened("9600 8N1")), [true]);
  assert.equal(bench.channel.status.isSilent, true);
  told.length = 0;
  await bench[Symbol.asyncDispose]();
  assert.deepEqual(told, [false, "stop"]);
});

Deno.test("Channel: without a signal that is its state, whatever the port is", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open({ box });
  const { handler } = bench.source;
  handler.opened("9600 8N1");
  handler.signal(false);
  assert.equal(bench.channel.status.state, "no_signal");
  handler.signal(true);
  const { state, detail } = bench.channel.status;
  assert.deepEqual({ state, detail }, { state: "running", detail: "9600 8N1" });
  handler.signal(false);
  handler.closed("device gone");
  assert.equal(bench.channel.status.state, "reconnecting");
});

Deno.test("Channel: what is undecided outlives a kill, whenever that comes, and comes once", async () => {
  using box = new JournalBox();
  const memory = new Uint8Array(catchBufferBytes);
  const killed = await Bench.open({ box, memory });
  killed.source.read("one\nbegun, ");
  killed.source.isUndecided = true;
  for (const text of ["half ", "known\n", "and more"]) killed.source.read(text);
  assert.equal(killed.channel.holding, true);
  using left = box.copy();
  await using next = await Bench.open({ box: left, memory: memory.slice() });
  const known = ["one (line_feed)", "begun, half known (line_feed)"];
  assert.deepEqual(await next.records(), known);
  assert.equal(next.channel.journal.position.openBytes, "and more".length);
  killed.source.isUndecided = false;
  killed.source.read("!\n");
  assert.deepEqual(await killed.records(), [...known, "and more! (line_feed)"]);
  await killed[Symbol.asyncDispose]();
});

Deno.test("Channel: a record that ended while something was undecided is not taken back by a kill", async () => {
  using box = new JournalBox();
  const memory = new Uint8Array(catchBufferBytes);
  await using killed = await Bench.open({ box, memory, idleFlushMs: 30 });
  killed.source.read("unfinished");
  killed.source.isUndecided = true;
  killed.source.read("?");
  await waitFor("the record's end", () => killed.channel.journal.lastSequence === 1);
  assert.deepEqual(await killed.records(), ["unfinished (idle)"]);
  using left = box.copy();
  await using next = await Bench.open({ box: left, memory: memory.slice() });
  next.source.read("!\n");
  assert.deepEqual(await next.records(), ["unfinished (idle)", "?! (line_feed)"]);
});

Deno.test("Channel: it counts what was read, ended, damaged, and how often the source came back", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open({ box });
  const { handler } = bench.source;
  handler.detecting("listening");
  handler.opened("9600 8N1");
  bench.source.read("one\r\ntwo\nthr");
  const before = bench.channel.status;
  assert.deepEqual([before.bytes, before.records, before.errors, before.reconnects], [12, 2, 0, 0]);
  handler.closed("device gone");
  assert.equal(bench.channel.status.records, 3, "what was unfinished is a record");
  bench.source.isDamaged = true;
  handler.detecting("listening");
  handler.opened("9600 8N1");
  bench.source.read("four\n");
  const { bytes, records, errors, reconnects, lastRecordMs } = bench.channel.status;
  assert.deepEqual([bytes, records, errors, reconnects], [17, 4, 1, 1]);
  assert.equal(lastRecordMs, 1_769_860_800_123, "when the last record was read");
});
