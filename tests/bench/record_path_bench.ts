// What a record costs on its way from the port to the wire, stage by stage, and whole. Compare the
// figures of one run with each other; machines differ, and are noisy.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CatchBuffer, catchBufferBytes } from "../../src/channel/catch_buffer.ts";
import { RawBuffer } from "../../src/channel/raw/raw_buffer.ts";
import { RawLines } from "../../src/channel/raw/raw_lines.ts";
import { messageHeaders } from "../../src/delivery/message.ts";
import { LineFramer } from "../../src/framer/line_framer.ts";
import { Journal } from "../../src/journal/journal.ts";
import { journalOf, plentyOfRoom } from "../support/journal_box.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import { RecordHeader } from "../../src/record.ts";

const channel = { fips: "1429010002", side: "A1" };
const line = new TextEncoder().encode(
  `${"N 044 01 DN4521 T001004 5555550142 ".padEnd(108, "x")}\r\n`,
);
const chunk = new Uint8Array(Array.from({ length: 36 }, () => [...line]).flat());

const folder = mkdtempSync(join(tmpdir(), "nectarcollector-bench-"));
globalThis.addEventListener("unload", () => rmSync(folder, { recursive: true }));

const journal = await Journal.open({
  ...journalOf(channel),
  folder,
  ...plentyOfRoom(join(folder, "tail")),
  statePath: join(folder, "state.json"),
  boot: "bench",
  maxSegmentBytes: 50 * 1024 * 1024,
  maxBackups: 1,
  compress: false,
  holders: [],
  sync: 250,
  disk: systemDisk,
  clock: systemClock,
  report: () => {},
});
const framer = new LineFramer({ position: journal.position });
const fragments = framer.push(chunk);
const one = framer.push(line);
const header = new RecordHeader(channel);
const target = new Uint8Array(200);
const catchBuffer = new CatchBuffer(new Uint8Array(catchBufferBytes));

Deno.bench("header: write one", () => {
  header.write(target, 0, 1_750_000_000_123);
});

Deno.bench("framing: a read of 36 records", () => {
  framer.push(chunk);
});

Deno.bench("catch: arm for 110 bytes, and disarm", () => {
  catchBuffer.arm(journal.place, line.length, { setting: 0, timeMs: 1_750_000_000_123 });
  catchBuffer.note(line.length);
  catchBuffer.keep(0, journal.place);
});

const rawRead = { timeMs: 1_750_000_000_123, settings: "9600 8N1" };
const rawBuffer = new RawBuffer({ maxBytes: 256 * 1024 });
const rawLines = new RawLines();
const rawEntry = { ...rawRead, bytes: new Uint8Array(line) };

Deno.bench("raw capture: keep a read of 110 bytes, on the path", () => {
  rawBuffer.add({ ...rawRead, bytes: new Uint8Array(line) });
  if (rawBuffer.isFilling) rawBuffer.take();
});

Deno.bench("raw capture: the line of it, later", () => {
  rawLines.of({ entries: [rawEntry], gap: null }, "");
});

Deno.bench("journal: append one record", () => {
  journal.append(one, 1_750_000_000_123);
});

Deno.bench("journal: append 36 records together", () => {
  journal.append(fragments, 1_750_000_000_123);
});

Deno.bench("journal: read 64 records back", async (bench) => {
  await journal.sync();
  using reader = journal.reader();
  const from = journal.oldestSequence;
  bench.start();
  await reader.read(from, { maxRecords: 64, maxBytes: 64 * 1024 });
  bench.end();
});

Deno.bench("message: headers of one record", () => {
  messageHeaders("1429010002-A1", {
    sequence: 123_456,
    epoch: "0123456789abcdef0123456789abcdef",
    timeMs: 1_750_000_000_123,
    end: "line_feed",
    damaged: false,
    line,
  });
});
