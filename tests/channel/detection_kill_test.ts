// A channel whose line is still being found out, killed at any read: what was held by then must be
// recorded all the same, once, by its successor, which finds the settings anew.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { CatchBuffer, catchBufferBytes } from "../../src/channel/catch_buffer.ts";
import { Channel } from "../../src/channel/channel.ts";
import { LineFramer } from "../../src/framer/line_framer.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { makers } from "../../src/simulate/makers.ts";
import { Random } from "../../src/simulate/random.ts";
import { parityBit } from "../../src/source/serial/framing.ts";
import { decodeReceiver, encodeReceiver } from "../../src/source/serial/receiver_code.ts";
import { SerialLine } from "../../src/source/serial/serial_line.ts";
import type { Run, SourceRead } from "../../src/source/source.ts";
import { JournalBox, plain, readAll } from "../support/journal_box.ts";
import { ScriptedSource } from "../support/scripted_source.ts";

/** A serial line without a port: what is read, a test says. */
class LineSource extends ScriptedSource {
  override readonly setting: number;
  readonly #line = new SerialLine({ baudRates: [9600], minBytes: 50, fixed: {} });

  constructor() {
    super();
    this.setting = encodeReceiver(this.#line.receiver);
  }

  override decode(read: SourceRead): Run[] {
    assert.deepEqual(decodeReceiver(read.setting), this.#line.receiver);
    return this.#line.push(read).runs;
  }

  override get undecided(): number {
    return this.#line.undecided;
  }

  override settle(quiet: "for_now" | "at_all"): Run[] {
    return this.#line.settle(quiet);
  }
}

async function start(
  box: JournalBox,
  memory: Uint8Array<ArrayBuffer>,
): Promise<{ readonly channel: Channel; readonly source: LineSource }> {
  const catchBuffer = new CatchBuffer(memory);
  const caught = catchBuffer.left;
  const journal = await box.open({ cutBackTo: caught?.place });
  const source = new LineSource();
  const channel = new Channel({
    journal,
    source,
    framer: new LineFramer({ position: journal.position }),
    catchBuffer,
    clock: systemClock,
    idleFlushMs: 60_000,
    report: (notice) => box.notices.push(notice),
    firstRecord: () => {},
  });
  channel.start(caught);
  return { channel, source };
}

/** Calls as they arrive from a 7E1 sender at a receiver set to 8N1, and what they say. */
function traffic(): { readonly raw: Uint8Array; readonly records: string[] } {
  const random = new Random(3);
  const [maker] = makers;
  const when = new Date(Date.UTC(2026, 0, 1));
  const calls = Buffer.concat(
    Array.from(
      { length: 4 },
      (_, i) => maker?.record({ random, sequence: i + 1, when }) ?? new Uint8Array(0),
    ),
  );
  const raw = calls.map((byte) => byte | parityBit(byte, "even") << 7);
  const records = calls.toString("latin1").split("\r\n").filter((text) => text !== "\0\0\0");
  return { raw, records };
}

Deno.test("whichever read a kill comes after, a line that is being found out is recorded whole, once", async () => {
  const { raw, records } = traffic();
  const pieces = Array.from(
    { length: Math.ceil(raw.length / 9) },
    (_, i) => raw.subarray(9 * i, 9 * i + 9),
  );
  for (let kill = 1; kill < pieces.length; kill++) {
    using box = new JournalBox();
    const memory = new Uint8Array(catchBufferBytes);
    const killed = await start(box, memory);
    for (const piece of pieces.slice(0, kill)) killed.source.readBytes(piece);
    using left = box.copy();
    const { channel, source } = await start(left, memory.slice());
    for (const piece of pieces.slice(kill)) source.readBytes(piece);
    await channel.stop();
    const found = (await readAll(channel.journal)).records.map((record) => plain(record).text);
    assert.deepEqual(found.slice(0, records.length - 1), records.slice(0, -1), `kill ${kill}`);
    await channel.journal.close();
    await killed.channel.stop();
    await killed.channel.journal.close();
  }
});
