import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { RecordChannel } from "../../src/channel/record_channel.ts";
import { defaultMaxRecordBytes } from "../../src/framer/line_framer.ts";
import { TailBudget } from "../../src/journal/tail_budget.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { type Disk, systemDisk } from "../../src/platform/disk.ts";
import {
  type RecordHandler,
  RecordRefused,
  type RecordSource,
} from "../../src/source/record_source.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { bytesOf, JournalBox, plain, readAll } from "../support/journal_box.ts";
import { waitFor } from "../support/wait_for.ts";

/** A source whose records a test says itself. */
class ScriptedRecords implements RecordSource {
  readonly name = "script";
  #handler: RecordHandler | undefined;

  get handler(): RecordHandler {
    assert.ok(this.#handler !== undefined, "the source is not started");
    return this.#handler;
  }

  start(handler: RecordHandler): void {
    this.#handler = handler;
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

class Bench implements AsyncDisposable {
  private constructor(
    readonly channel: RecordChannel,
    readonly source: ScriptedRecords,
  ) {}

  static async open(options: {
    readonly box: JournalBox;
    readonly disk?: Disk;
    readonly tailBytes?: number;
    readonly boot?: string;
  }): Promise<Bench> {
    const { box, disk = systemDisk, tailBytes = 1_000_000, boot = "first boot" } = options;
    const tailBudget = new TailBudget({ maxBytes: tailBytes });
    const journal = await box.open({ disk, boot, tailBudget, feedsInside: true });
    const source = new ScriptedRecords();
    const report = box.notices.push.bind(box.notices);
    const channel = new RecordChannel({ journal, source, clock: systemClock, report });
    channel.start();
    return new Bench(channel, source);
  }

  take(text: string): Promise<void> {
    return this.source.handler.take(bytesOf(text), 1_769_860_800_123);
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

/** What became of a record by now. */
interface Fate {
  is: "open" | "safe" | RecordRefused;
}

function fateOf(taken: Promise<void>): Fate {
  const fate: Fate = { is: "open" };
  taken.then(
    () => fate.is = "safe",
    (error) => {
      assert.ok(error instanceof RecordRefused);
      fate.is = error;
    },
  );
  return fate;
}

function assertKept({ is }: Fate): void {
  assert.ok(is instanceof RecordRefused && is.isKept, String(is));
}

/** Lets the journal's disk take nothing; memory takes records still. */
function refuseDisk(disk: FailingDisk, box: JournalBox): void {
  disk.before = ({ what, path }) => {
    if (what === "append" && path.startsWith(box.folder)) {
      throw new Error("No space left on device");
    }
  };
}

Deno.test("RecordChannel: what is taken is one record, line feeds and all", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open({ box });
  bench.source.handler.opened("port 8080");
  await Promise.all([bench.take("<a>\n</a>\n"), bench.take(""), bench.take("\0")]);
  const all = ["<a>\n</a>\n (message)", " (message)", "\0 (message)"];
  assert.deepEqual(await bench.records(), all);
  const { state, detail, bytes, records, lastSequence } = bench.channel.status;
  assert.deepEqual({ state, detail, bytes, records, lastSequence }, {
    state: "running",
    detail: "port 8080",
    bytes: 10,
    records: 3,
    lastSequence: 3,
  });
});

Deno.test("RecordChannel: a record stands in the log in the turn in which it is taken", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open({ box });
  const taken = bench.take("one");
  assert.match(box.logText(), /\] one\n$/);
  await taken;
});

Deno.test("RecordChannel: a record is safe when it is synced and not before; many share a sync", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  const unsynced = Promise.withResolvers<void>();
  let isHeld = false;
  let syncs = 0;
  const held: Disk = {
    ...methodsOf(disk),
    append: (path) => {
      const file = disk.append(path);
      return {
        ...file,
        sync: async () => {
          if (isHeld && path.endsWith(".log")) syncs += 1;
          if (isHeld) await unsynced.promise;
          await file.sync();
        },
      };
    },
  };
  await using bench = await Bench.open({ box, disk: held });
  isHeld = true;
  const fates = Array.from({ length: 20 }, (_, i) => fateOf(bench.take(`record ${i}`)));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(new Set(fates.map(({ is }) => is)), new Set(["open"]));
  unsynced.resolve();
  await waitFor("all to be safe", () => fates.every(({ is }) => is === "safe"));
  assert.ok(syncs <= 3, `${syncs} syncs`);
});

Deno.test("RecordChannel: what is longer than a record may be becomes several that follow each other", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open({ box });
  const length = 2 * defaultMaxRecordBytes + 7;
  const bytes = new Uint8Array(length).map((_, i) => i % 251);
  const long = bench.source.handler.take(bytes, 0);
  const exact = bench.source.handler.take(bytes.subarray(0, defaultMaxRecordBytes), 0);
  await Promise.all([long, exact]);
  const { records } = await readAll(bench.channel.journal);
  const ends = records.map(({ end, line }) => [end, line.length - 42 - 1]);
  assert.deepEqual(ends, [
    ["too_long", defaultMaxRecordBytes],
    ["too_long", defaultMaxRecordBytes],
    ["message", 7],
    ["message", defaultMaxRecordBytes],
  ]);
  const parts = records.slice(0, 3).map(({ line }) => line.subarray(42, -1));
  assert.ok(Buffer.concat(parts).equals(bytes));
});

Deno.test("RecordChannel: what disk and memory refuse is told to the sender, and nothing of it stays", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using bench = await Bench.open({ box, disk });
  bench.source.handler.opened("port 8080");
  await bench.take("before");
  disk.freeBytes = 7;
  for (let i = 0; i < 3; i++) {
    await assert.rejects(bench.take("refused"), { name: "RecordRefused", isKept: false });
  }
  assert.equal(bench.channel.status.state, "failed");
  disk.heal();
  await bench.take("after");
  assert.deepEqual(await bench.records(), ["before (message)", "after (message)"]);
  const { state, detail } = bench.channel.status;
  assert.deepEqual({ state, detail }, { state: "running", detail: "port 8080" });
  const told = (kind: string): number => box.notices.filter((each) => each.kind === kind).length;
  assert.deepEqual([told("append_refused"), told("append_resumed")], [1, 1]);
});

Deno.test("RecordChannel: a record that only memory holds is not safe until the disk has it", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using bench = await Bench.open({ box, disk });
  await bench.take("before");
  refuseDisk(disk, box);
  const fates = ["one", "two"].map((text) => fateOf(bench.take(text)));
  await waitFor("memory to be read from", () => bench.channel.status.syncedSequence === 3);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual(fates.map(({ is }) => is), ["open", "open"]);
  disk.heal();
  await waitFor("both to be safe", () => fates.every(({ is }) => is === "safe"));
  assert.equal(bench.channel.journal.inMemory, false);
  assert.deepEqual(await bench.records(), ["before (message)", "one (message)", "two (message)"]);
});

Deno.test("RecordChannel: a record that memory has to give up is never said to be safe", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using bench = await Bench.open({ box, disk, tailBytes: 32 * 1024 });
  refuseDisk(disk, box);
  const fates = Array.from({ length: 40 }, () => fateOf(bench.take("x".repeat(1500))));
  disk.heal();
  await waitFor("an answer to each", () => fates.every(({ is }) => is !== "open"));
  const lost = fates.filter(({ is }) => is instanceof RecordRefused && !is.isKept).length;
  const kept = fates.filter(({ is }) => is === "safe").length;
  assert.ok(lost > 0 && kept > 0, `${lost} lost, ${kept} kept`);
  assert.equal((await bench.records()).length, kept);
});

Deno.test("RecordChannel: what came while the disk could not be opened is kept, and not said to be safe", async () => {
  using box = new JournalBox();
  {
    await using earlier = await Bench.open({ box });
    for (const text of ["one", "two", "three"]) await earlier.take(text);
  }
  const disk = new FailingDisk();
  disk.before = ({ path }) => {
    if (!path.startsWith(box.tailFolder)) throw new Error("not mounted yet");
  };
  await using bench = await Bench.open({ box, disk });
  const fate = fateOf(bench.take("four"));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(fate, { is: "open" });
  disk.heal();
  await waitFor("an answer", () => fate.is !== "open");
  assertKept(fate);
  const all = ["one", "two", "three", "four"].map((text) => `${text} (message)`);
  assert.deepEqual(await bench.records(), all);
});

Deno.test("RecordChannel: what a kill cut short stays as partial, and the next record is whole", async () => {
  for (const torn of ["half", "all of it, but the index\n", "a line\n"]) {
    using box = new JournalBox();
    {
      await using killed = await Bench.open({ box });
      await killed.take("before");
    }
    const log = box.files().find((file) => file.endsWith(".log")) ?? "";
    const header = "[1429010002][A1][2026-01-31 12:00:00.123] ";
    box.write(log, Buffer.concat([box.bytes(log), bytesOf(header + torn)]));
    await using bench = await Bench.open({ box });
    await bench.take("after");
    const kept = `${torn.replace(/\n$/, "")} (broken_off)`;
    assert.deepEqual(await bench.records(), ["before (message)", kept, "after (message)"]);
  }
});

Deno.test("RecordChannel: what is not safe when the service stops is said not to be", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  const bench = await Bench.open({ box, disk });
  refuseDisk(disk, box);
  const fate = fateOf(bench.take("one"));
  await bench.channel.stop();
  await waitFor("an answer", () => fate.is !== "open");
  assertKept(fate);
  await assert.rejects(bench.take("late"), { isKept: false });
  disk.heal();
  await bench.channel.journal.close();
  await using next = await Bench.open({ box });
  assert.deepEqual(await next.records(), ["one (message)"]);
});

/** A disk as a plain object, for others to be made of. */
function methodsOf(disk: Disk): Disk {
  return {
    append: (path) => disk.append(path),
    read: (path) => disk.read(path),
    size: (path) => disk.size(path),
    list: (folder) => disk.list(folder),
    makeFolder: (path) => disk.makeFolder(path),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncFolder: (path) => disk.syncFolder(path),
    syncFolderNow: (path) => disk.syncFolderNow(path),
    space: (path) => disk.space(path),
  };
}
