import assert from "node:assert/strict";
import { CatchBuffer } from "../../src/channel/catch_buffer.ts";
import { Channel } from "../../src/channel/channel.ts";
import { recordAsRead } from "../../src/channel/caught_as_read.ts";
import { FaultGuard } from "../../src/channel/fault_guard.ts";
import { openedByteChannel } from "../../src/channel/opened_channel.ts";
import { CatchMemories } from "../../src/channel/catch_memories.ts";
import { Supervisor } from "../../src/channel/supervisor.ts";
import type { Framer } from "../../src/framer/framer.ts";
import { LineFramer } from "../../src/framer/line_framer.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { Libc } from "../../src/platform/libc.ts";
import type { Report } from "../../src/platform/notice.ts";
import type { Run, SourceRead } from "../../src/source/source.ts";
import { Random } from "../../src/simulate/random.ts";
import { JournalBox, name, plain, readAll } from "../support/journal_box.ts";
import { ScriptedSource } from "../support/scripted_source.ts";
import { seeds } from "../support/seeds.ts";
import { waitFor } from "../support/wait_for.ts";

/** Says at each of its places whether something is to go wrong there. */
type Plant = (place: string) => void;

/** A source whose bytes come in two runs of different times, as after a detection. */
class SplitSource extends ScriptedSource {
  constructor(readonly plant: Plant) {
    super();
  }

  override decode(read: SourceRead): Run[] {
    this.plant("before decoding");
    const runs = super.decode(read).flatMap(({ bytes, timeMs, ...rest }) => {
      const half = Math.floor(bytes.length / 2);
      return [
        { ...rest, bytes: bytes.subarray(0, half), timeMs },
        { ...rest, bytes: bytes.subarray(half), timeMs: timeMs + 1 },
      ];
    });
    this.plant("after decoding");
    return runs;
  }
}

/** A supervised channel over a journal on a real disk; faults are planted in its code path. */
class Bench implements AsyncDisposable {
  readonly box = new JournalBox();
  readonly left: string[] = [];
  opened = 0;
  source: SplitSource | null = null;
  plant: Plant = () => {};
  readonly #libc = new Libc();
  readonly memories = new CatchMemories(this.#libc, `${this.box.folder}-caught-`);
  readonly supervisor: Supervisor;
  #journal: Journal | null = null;

  constructor(options: {
    readonly maxMs?: number;
    readonly initialMs?: number;
    readonly maxSegmentBytes?: number;
  } = {}) {
    const { maxMs = 1, initialMs = 1, maxSegmentBytes = 1_000_000 } = options;
    const plant: Plant = (place) => this.plant(place);
    this.supervisor = new Supervisor({
      name,
      source: "script",
      open: async ({ asRead }) => {
        plant("opening");
        const catchBuffer = new CatchBuffer(this.memories.open(name));
        const report: Report = (notice) => this.box.notices.push(notice);
        const left = catchBuffer.left;
        const journal = await this.box.open({ maxSegmentBytes, cutBackTo: left?.place });
        catchBuffer.moveTo(journal.place);
        const caught = asRead ? recordAsRead(left, { name, catchBuffer, journal, report }) : left;
        const source = new SplitSource(plant);
        const lines = new LineFramer({ position: journal.position });
        const framer: Framer = {
          push: (bytes) => {
            plant("before framing");
            const cut = lines.push(bytes);
            plant("after framing");
            return cut;
          },
          flush: (end) => lines.flush(end),
        };
        const channel = new Channel({
          journal,
          source,
          framer,
          catchBuffer,
          clock: systemClock,
          idleFlushMs: 60_000,
          report,
          firstRecord: () => plant("first record"),
        });
        this.opened += 1;
        this.source = source;
        this.#journal = journal;
        return openedByteChannel(channel, { name, catchBuffer, caught, memories: this.memories });
      },
      leaving: () => {
        this.left.push("left");
        return Promise.resolve();
      },
      joined: () => this.left.push("joined"),
      backoff: { initialMs, maxMs, exponential: true },
      clock: systemClock,
      report: (notice) => this.box.notices.push(notice),
    });
  }

  async start(): Promise<void> {
    await this.supervisor.open();
    this.supervisor.start();
  }

  /** Hands bytes over as a device does, to whichever channel is there to take them. */
  async read(text: string): Promise<void> {
    await waitFor("the bytes to be taken", () => {
      const { source } = this;
      if (source === null || this.supervisor.status.state === "failed") return false;
      return source.read(text) !== "no room";
    }, { intervalMs: 1 });
  }

  async records(): Promise<string[]> {
    await waitFor("the channel", () => this.supervisor.status.state !== "failed");
    const journal = this.#journal;
    if (journal === null) throw new Error("no journal");
    await journal.sync();
    return (await readAll(journal)).records.map((record) => plain(record).text);
  }

  kinds(): string[] {
    return this.box.notices.map(({ kind }) => kind).filter((kind) => kind.startsWith("channel_"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.supervisor.stop();
    await this.supervisor.close();
    this.box[Symbol.dispose]();
    this.#libc[Symbol.dispose]();
  }
}

const expected = /^channel_|^recorded_as_read$/;

/** A plant that bears fruit the first `times` times that `where` is passed. */
function failing(where: string, times = 1): Plant {
  let left = times;
  return (place) => {
    if (place !== where || left === 0) return;
    left -= 1;
    throw new TypeError(`planted ${where}`);
  };
}

for (
  const place of [
    "before decoding",
    "after decoding",
    "before framing",
    "after framing",
    "first record",
    "opening",
  ]
) {
  Deno.test(`Supervisor: an error ${place} restarts the channel, and each byte is recorded once`, async () => {
    await using bench = new Bench();
    await bench.start();
    await bench.read("one\ntwo\nthr");
    bench.plant = failing(place);
    if (place === "opening") bench.source?.handler.broke(new TypeError("planted"));
    if (place === "first record") bench.source?.handler.opened("again");
    await bench.read("ee\nfour\nfi");
    await waitFor("a restart", () => bench.opened > 1);
    await bench.read("ve\nsix\n");
    assert.deepEqual(await bench.records(), ["one", "two", "three", "four", "five", "six"]);
    assert.ok(bench.supervisor.status.restarts > 0);
  });
}

for (const seed of seeds()) {
  Deno.test(`Supervisor: errors anywhere, again and again, cost no byte and double none (SEED=${seed})`, async () => {
    const random = new Random(seed);
    await using bench = new Bench({ maxSegmentBytes: 300 });
    await bench.start();
    let isRipe = false;
    bench.plant = (place) => {
      if (!isRipe || random.integer(1, 12) > 1) return;
      throw new TypeError(`planted ${place}`);
    };
    const lines = Array.from({ length: 60 }, (_, i) => `${i} ${"x".repeat(random.integer(0, 40))}`);
    let rest = `${lines.join("\n")}\n`;
    isRipe = true;
    while (rest !== "") {
      const length = random.integer(1, 80);
      await bench.read(rest.slice(0, length));
      rest = rest.slice(length);
    }
    isRipe = false;
    await waitFor("the channel", () => bench.supervisor.status.state !== "failed");
    const records = await bench.records();
    const isAsRead = bench.box.complaints().includes("recorded_as_read");
    if (!isAsRead) assert.deepEqual(records, lines);
    assert.equal(records.join("").replaceAll("\n", ""), lines.join(""));
    assert.ok(bench.opened > 2, `it was opened ${bench.opened} times`);
    assert.deepEqual(bench.box.complaints().filter((kind) => !expected.test(kind)), []);
  });
}

Deno.test("Supervisor: five in a row are told as a condition, which ends when the channel has run for a while", async () => {
  await using bench = new Bench({ maxMs: 30 });
  bench.plant = failing("opening", 6);
  await bench.start();
  await waitFor("the condition", () => bench.supervisor.condition !== null);
  assert.match(bench.supervisor.condition ?? "", /^1429010002-A1: 5 errors in a row/);
  assert.equal(bench.supervisor.status.state, "failed");
  await waitFor("the end of it", () => bench.supervisor.condition === null);
  assert.deepEqual(bench.kinds(), [
    ...Array(5).fill("channel_restart"),
    "channel_failing",
    "channel_restart",
    "channel_recovered",
  ]);
  const pauses = bench.box.notices.flatMap(({ kind, details }) =>
    kind === "channel_restart" ? [details?.["pauseMs"]] : []
  );
  assert.deepEqual(pauses, [1, 2, 4, 8, 16, 30], "they double up to the longest");
  await bench.read("one\n");
  assert.deepEqual(await bench.records(), ["one"]);
});

Deno.test("Supervisor: four in a row are none, and peace in between begins to count anew", async () => {
  await using bench = new Bench({ maxMs: 20 });
  await bench.start();
  for (const round of [1, 2, 3]) {
    bench.plant = failing("before framing", 2);
    await bench.read(`${round}\n`);
    await waitFor("both restarts", () => bench.supervisor.status.restarts === 2 * round);
    await waitFor("the channel", () => bench.supervisor.status.state !== "failed");
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assert.deepEqual(bench.kinds(), Array(6).fill("channel_restart"));
  assert.deepEqual(await bench.records(), ["1", "2", "3"]);
});

Deno.test("Supervisor: bytes that break the channel at each start are recorded as they are, and what follows is framed", async () => {
  await using bench = new Bench();
  await bench.start();
  await bench.read("one\nbegun, ");
  bench.plant = (place) => {
    if (place === "before decoding" && !isOver) throw new TypeError("poison");
  };
  let isOver = false;
  await bench.read("poi\nson");
  await waitFor(
    "the bytes to be recorded",
    () => bench.box.complaints().includes("recorded_as_read"),
  );
  isOver = true;
  await bench.read("two\n");
  assert.deepEqual(await bench.records(), ["one", "begun, poi\nson", "two"]);
  assert.equal(bench.supervisor.status.restarts, 4);
});

Deno.test("Supervisor: who reads from the journal lets go before it is closed, and takes up the next one", async () => {
  await using bench = new Bench();
  await bench.start();
  bench.plant = failing("before framing");
  await bench.read("one\n");
  await waitFor("a restart", () => bench.opened > 1);
  assert.deepEqual(bench.left, ["left", "joined"]);
});

Deno.test("Supervisor: counts go on over a restart, and the error is told with its place", async () => {
  await using bench = new Bench();
  await bench.start();
  await bench.read("one\n");
  bench.plant = failing("before framing");
  await bench.read("two\n");
  await waitFor("a restart", () => bench.opened > 1);
  await bench.read("three\n");
  assert.equal((await bench.records()).length, 3);
  const { records, restarts, lastSequence } = bench.supervisor.status;
  assert.deepEqual({ records, restarts, lastSequence }, {
    records: 3,
    restarts: 1,
    lastSequence: 3,
  });
  const told = bench.box.notices.find(({ kind }) => kind === "channel_restart");
  assert.match(told?.message ?? "", /planted before framing \(.*supervisor_test\.ts:\d+:\d+\)/);
  assert.equal(told?.channel, name);
});

Deno.test("Supervisor: stopped while it is broken it leaves what was read for the next run", async () => {
  const bench = new Bench({ maxMs: 60_000 });
  await bench.start();
  bench.plant = failing("before framing");
  await bench.read("one\n");
  bench.plant = failing("opening", 1000);
  await waitFor("a long pause", () => bench.supervisor.status.restarts >= 9);
  await bench.supervisor.stop();
  await bench.supervisor.close();
  const { left } = new CatchBuffer(bench.memories.open(name));
  assert.deepEqual(left?.reads.map(({ bytes }) => new TextDecoder().decode(bytes)), ["one\n"]);
  await bench[Symbol.asyncDispose]();
});

Deno.test("FaultGuard: the first fault is told once, also to whoever listens later, and nothing runs any more", () => {
  const guard = new FaultGuard();
  assert.equal(guard.run(() => 5, 0), 5);
  guard.break(new TypeError("first"));
  const told: string[] = [];
  guard.watch((error) => told.push(String(error)));
  guard.break(new TypeError("second"));
  assert.equal(guard.run(() => 5, 0), 0);
  assert.deepEqual(told, ["TypeError: first"]);
});

Deno.test("Supervisor: of a turn that broke nobody reads what it had appended, however long it takes to open anew", async () => {
  await using bench = new Bench({ maxMs: 60_000, initialMs: 60_000 });
  await bench.start();
  await bench.read("one\n");
  assert.deepEqual(await bench.records(), ["one"]);
  let framed = 0;
  bench.plant = (place) => {
    if (place === "before framing" && ++framed === 2) throw new TypeError("planted");
  };
  // Its two halves are framed, and appended, one after the other.
  await bench.read("two\nthree\n");
  const { journal } = bench.supervisor;
  assert.ok(journal !== null && journal.lastSequence > 1, "something was appended");
  await journal.sync();
  assert.equal(journal.syncedSequence, 1);
  assert.deepEqual((await readAll(journal)).records.map((record) => plain(record).text), ["one"]);
});

Deno.test("Supervisor: a turn that is taken back costs no epoch: numbers go on as if it had not been", async () => {
  await using bench = new Bench();
  await bench.start();
  await bench.read("one\n");
  let framed = 0;
  bench.plant = (place) => {
    if (place === "before framing" && ++framed === 2) throw new TypeError("planted");
  };
  await bench.read("two\nthree\n");
  await waitFor("a restart", () => bench.opened > 1);
  assert.deepEqual(await bench.records(), ["one", "two", "three"]);
  const { journal } = bench.supervisor;
  assert.ok(journal !== null);
  const { records } = await readAll(journal);
  assert.deepEqual(records.map(({ sequence }) => sequence), [1, 2, 3]);
  assert.equal(new Set(records.map(({ epoch }) => epoch)).size, 1);
});

Deno.test("Supervisor: stopped before it was started it leaves what the last run had read", async () => {
  const bench = new Bench();
  const place = { epoch: "0".repeat(32), nextSequence: 1, openLogBytes: 0 };
  const caught = new CatchBuffer(bench.memories.open(name));
  caught.arm(place, 4, { setting: 0, timeMs: 1000 }).set(new TextEncoder().encode("one\n"));
  caught.note(4);
  await bench.supervisor.open();
  await bench.supervisor.stop();
  await bench.supervisor.close();
  const { left } = new CatchBuffer(bench.memories.open(name));
  assert.deepEqual(left?.reads.map(({ bytes }) => new TextDecoder().decode(bytes)), ["one\n"]);
  await bench[Symbol.asyncDispose]();
});
