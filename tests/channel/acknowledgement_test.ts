import assert from "node:assert/strict";
import { Acknowledgement } from "../../src/channel/acknowledgement.ts";
import { CatchBuffer, catchBufferBytes } from "../../src/channel/catch_buffer.ts";
import { Channel } from "../../src/channel/channel.ts";
import type { FramingConfig } from "../../src/config/framing_schema.ts";
import { framerFor } from "../../src/framer/framer_for.ts";
import { TailBudget } from "../../src/journal/tail_budget.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { JournalBox, plain, readAll } from "../support/journal_box.ts";
import { ScriptedSource } from "../support/scripted_source.ts";
import { waitFor } from "../support/wait_for.ts";

/** Who has sent the records, and what it was told. */
class Sender {
  received = "";
  ending = "";
  /** What no power cut can take back, at each acknowledgement. */
  readonly durable: number[] = [];
  constructor(readonly bench: () => Bench) {}

  send(bytes: Uint8Array): void {
    this.received += new TextDecoder().decode(bytes);
    this.durable.push(this.bench().channel.journal.durableSequence);
  }

  cease(reason: string): void {
    this.ending = reason;
  }
}

class Bench implements AsyncDisposable {
  sender: Sender = new Sender(() => this);

  private constructor(
    readonly channel: Channel,
    readonly source: ScriptedSource,
    readonly acknowledgement: Acknowledgement,
  ) {}

  static async open(options: {
    readonly box: JournalBox;
    readonly disk?: FailingDisk;
    readonly framing?: FramingConfig;
    readonly idleFlushMs?: number;
  }): Promise<Bench> {
    const { box, disk = new FailingDisk(), idleFlushMs = 3_600_000 } = options;
    const framing = options.framing ?? { mode: "line" };
    const tailBudget = new TailBudget({ maxBytes: 1_000_000 });
    const journal = await box.open({ disk, tailBudget, sync: 60_000 });
    const source = new ScriptedSource();
    const clock = systemClock;
    const acknowledgement = new Acknowledgement({
      journal,
      clock,
      sender: () => bench.sender,
      text: new TextEncoder().encode("<ACK>"),
    });
    const channel = new Channel({
      journal,
      source,
      framer: framerFor(framing, journal.position),
      catchBuffer: new CatchBuffer(new Uint8Array(catchBufferBytes)),
      clock,
      idleFlushMs,
      acknowledgement,
      report: box.notices.push.bind(box.notices),
    });
    const bench: Bench = new Bench(channel, source, acknowledgement);
    channel.start(null);
    return bench;
  }

  async untilTold(text: string): Promise<void> {
    await waitFor(`"${text}"`, () => this.sender.received.length >= text.length);
    assert.equal(this.sender.received, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.channel.stop();
    await this.channel.journal.close();
  }
}

/** Lets the journal's disk take nothing; memory takes records still. */
function refuseDisk(disk: FailingDisk, box: JournalBox): void {
  disk.before = ({ what, path }) => {
    if (what === "append" && path.startsWith(box.folder)) {
      throw new Error("No space left on device");
    }
  };
}

Deno.test("Acknowledgement: once for each whole record, as soon as it is safe and not before", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open({ box });
  bench.source.read("one\r\ntwo\r\nthr");
  assert.equal(bench.sender.received, "", "nothing in the turn that appended it");
  await bench.untilTold("<ACK><ACK>");
  bench.source.read("ee\r\n");
  await bench.untilTold("<ACK><ACK><ACK>");
  const [first = 0, second = 0] = bench.sender.durable;
  assert.ok(first >= 2 && second >= 3, "safe by then");
});

Deno.test("Acknowledgement: a record that broke off is not acknowledged", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open({ box, idleFlushMs: 20 });
  bench.source.read("half");
  await waitFor("the silence", () => bench.channel.status.records === 1);
  bench.source.read("a quarter");
  bench.source.handler.closed("gone");
  bench.source.read("\nwhole\n");
  await bench.acknowledgement.settled();
  assert.equal(bench.sender.received, "<ACK>");
  const { records } = await readAll(bench.channel.journal);
  assert.deepEqual(records.map(plain).map(({ text, end }) => `${text} (${end})`), [
    "half (idle)",
    "a quarter (hang_up)",
    "whole (line_feed)",
  ]);
});

Deno.test("Acknowledgement: a record that a silence ends is acknowledged where that is how it ends", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open({ box, framing: { mode: "idle", gap_ms: 20 } });
  bench.source.read("one\ntwo\n");
  await bench.untilTold("<ACK>");
});

Deno.test("Acknowledgement: what only memory holds is not acknowledged until the disk has it", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using bench = await Bench.open({ box, disk });
  refuseDisk(disk, box);
  bench.source.read("one\ntwo\n");
  await waitFor("memory to take them", () => bench.channel.journal.inMemory);
  await waitFor("the disk to be asked again", () => box.notices.length > 0);
  assert.equal(bench.sender.received, "");
  disk.heal();
  await bench.untilTold("<ACK><ACK>");
  assert.ok(bench.sender.durable.every((sequence) => sequence >= 2));
});

Deno.test("Acknowledgement: what disk and memory refused is acknowledged to the one that sent it", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using bench = await Bench.open({ box, disk });
  const former = bench.sender;
  disk.before = ({ what }) => {
    if (what === "append") throw new Error("No space left on device");
  };
  assert.equal(bench.source.read("one\ntwo\n"), false);
  bench.sender = new Sender(() => bench);
  disk.heal();
  await waitFor("both", () => former.received === "<ACK><ACK>");
  assert.equal(bench.sender.received, "", "the next sender has sent nothing");
});

Deno.test("Acknowledgement: where one will not be safe, the connection ends, and none follows", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using bench = await Bench.open({ box, disk });
  refuseDisk(disk, box);
  bench.source.read("one\n");
  await waitFor("memory to take it", () => bench.channel.journal.inMemory);
  await bench.channel.stop();
  await waitFor("the end", () => bench.sender.ending !== "");
  assert.equal(bench.sender.received, "");
  disk.heal();
});
