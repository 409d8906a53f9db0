// Channels whose records are not lines, killed before any file-system call.

import assert from "node:assert/strict";
import { CatchBuffer, catchBufferBytes } from "../../src/channel/catch_buffer.ts";
import { Channel } from "../../src/channel/channel.ts";
import type { FramingConfig } from "../../src/config/framing_schema.ts";
import { framerFor } from "../../src/framer/framer_for.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { type Disk, systemDisk } from "../../src/platform/disk.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { JournalBox, plain, readAll, textOf } from "../support/journal_box.ts";
import { ScriptedSource } from "../support/scripted_source.ts";
import { waitFor } from "../support/wait_for.ts";

/** A channel with a framing of its own, and the memory that outlives it. */
class Bench implements AsyncDisposable {
  private constructor(readonly channel: Channel, readonly source: ScriptedSource) {}

  static async open(options: {
    readonly box: JournalBox;
    readonly framing: FramingConfig;
    readonly memory: Uint8Array<ArrayBuffer>;
    readonly disk?: Disk;
    readonly idleFlushMs?: number;
  }): Promise<Bench> {
    const { box, framing, memory, disk = systemDisk, idleFlushMs = 3_600_000 } = options;
    const catchBuffer = new CatchBuffer(memory);
    const caught = catchBuffer.left;
    const journal = await box.open({
      maxSegmentBytes: 150,
      feedsInside: true,
      cutBackTo: caught?.place,
      disk,
    });
    const source = new ScriptedSource();
    const channel = new Channel({
      journal,
      source,
      framer: framerFor(framing, journal.position),
      catchBuffer,
      clock: systemClock,
      idleFlushMs,
      report: (notice) => box.notices.push(notice),
      firstRecord: () => {},
    });
    channel.start(caught);
    return new Bench(channel, source);
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

const cases: readonly [FramingConfig, string, string, string][] = [
  [
    { mode: "continuation", continuation_characters: "&" },
    "one\r\n& 1\r\ntwo\r\n& 2\r\nthree\r\n",
    "& 3\r\nfour\r\n& 4\r\nfive\r\n",
    "& 5\r\nsix",
  ],
  [
    { mode: "pattern", first_characters: "-" },
    "-one\r\n1\r\n-two\r\n2\r\n-three\r\n",
    "3\r\n-four\r\n4\r\n-five\r\n",
    "5\r\n-six",
  ],
  [
    { mode: "stx_etx", start_byte: 2, end_byte: 3, check_byte: true },
    "\x02one\n\x03\n\x05\n\x02two\n\x03\n\x02three\n",
    "3\n\x03\n\x05\n\x02four\n\x03\n\x02five\n",
    "5\n\x03\n\x02six",
  ],
  [
    { mode: "fixed", length_bytes: 6 },
    "one\r\n1two\r\n2thr\n",
    "33four\n4fiv\n",
    "55six",
  ],
];

for (const [framing, before, during, after] of cases) {
  Deno.test(`${framing.mode}: whichever file-system call a kill comes before, records are the same`, async () => {
    using calm = new JournalBox();
    const memory = (): Uint8Array<ArrayBuffer> => new Uint8Array(catchBufferBytes);
    await using unbroken = await Bench.open({ box: calm, framing, memory: memory() });
    for (const text of [before, during, after]) unbroken.source.read(text);
    const expected = await unbroken.records();
    assert.ok(expected.length >= 5);
    let seen = Infinity;
    for (let call = 1; seen >= call; call++) {
      using box = new JournalBox();
      const shared = memory();
      const disk = new FailingDisk();
      const doomed = await Bench.open({ box, framing, memory: shared, disk });
      doomed.source.read(before);
      seen = 0;
      disk.before = () => {
        seen += 1;
        if (seen >= call) throw new Error("killed");
      };
      doomed.source.read(during);
      using left = box.copy();
      const kept = shared.slice();
      disk.heal();
      await doomed[Symbol.asyncDispose]();
      await using heir = await Bench.open({ box: left, framing, memory: kept });
      // A kill in a rotation comes before the read: the port still has the bytes.
      if (seen >= call && heir.channel.status.bytes === 0) heir.source.read(during);
      heir.source.read(after);
      assert.deepEqual(await heir.records(), expected, `killed before call ${call}`);
      assert.ok(call < 100);
    }
  });

  Deno.test(`${framing.mode}: a kill while a record is ended leaves it open as it was, or ends it for good`, async () => {
    const text = "a\n&b";
    let open = 0;
    let seen = Infinity;
    for (let call = 1; seen >= call; call++) {
      using box = new JournalBox();
      const shared = new Uint8Array(catchBufferBytes);
      const disk = new FailingDisk();
      const doomed = await Bench.open({ box, framing, memory: shared, disk });
      doomed.source.read(text);
      seen = 0;
      disk.before = () => {
        seen += 1;
        if (seen >= call) throw new Error("killed");
      };
      doomed.source.handler.closed("device gone");
      using left = box.copy();
      const kept = shared.slice();
      disk.heal();
      await doomed[Symbol.asyncDispose]();
      await using heir = await Bench.open({ box: left, framing, memory: kept });
      const { openBytes } = heir.channel.journal.position;
      if (openBytes !== null) open += 1;
      assert.equal(openBytes, seen >= call ? text.length : null, `killed before call ${call}`);
      if (openBytes === null) assert.equal((await heir.records()).length, 1);
      else assert.equal(textOf(heir.channel.journal.position.readOpen()), text);
    }
    assert.ok(open > 0, "some kills come in the middle");
  });
}

Deno.test("a channel ends a record of several lines after its idle time, as whole", async () => {
  using box = new JournalBox();
  const framing: FramingConfig = { mode: "continuation", continuation_characters: "&" };
  const memory = new Uint8Array(catchBufferBytes);
  await using bench = await Bench.open({ box, framing, memory, idleFlushMs: 30 });
  bench.source.read("one\r\n& more\r\n");
  await waitFor("the record's end", () => bench.channel.journal.lastSequence === 1);
  assert.deepEqual(await bench.records(), ["one\r\n& more\r (gap)"]);
});

Deno.test("a framing by silence has a time of its own, whatever the channel's is", async () => {
  using box = new JournalBox();
  const framing: FramingConfig = { mode: "idle", gap_ms: 30 };
  await using bench = await Bench.open({ box, framing, memory: new Uint8Array(catchBufferBytes) });
  bench.source.read("one\r\nmore");
  await waitFor("the record's end", () => bench.channel.journal.lastSequence === 1);
  assert.deepEqual(await bench.records(), ["one\r\nmore (gap)"]);
});
