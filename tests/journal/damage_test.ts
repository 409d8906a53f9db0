// A journal in segments of which every byte, in turn, is flipped, cut off with all behind it, or
// turned into NULs, alone, with its block or with all behind it: it opens, gives every record that
// was not touched, with its number, its bytes and its end, and tells exactly which ones cannot be
// read. After a kill, and after a power cut, which a log's end is judged by differently. DAMAGE=all
// takes every byte of the last 64 KB of log, of the indexes and of the state; otherwise a sample,
// which SEED repeats.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { LineFramer } from "../../src/framer/line_framer.ts";
import { indexEntryBytes, indexHeaderBytes } from "../../src/journal/segment_index.ts";
import { type JournalRecord, RecordHeader } from "../../src/record.ts";
import { channel, textOf } from "../support/journal_box.ts";
import {
  activeLog,
  openAndRead,
  type Opened,
  type Placed,
  randomFrom,
  Specimen,
  statePath,
} from "../support/journal_specimen.ts";
import type { MemoryDisk } from "../support/memory_disk.ts";
import { seeds } from "../support/seeds.ts";

const verifiedBytes = 64 * 1024;
/** Openings a test, unless all are asked for. */
const sample = 400;

const blockBytes = 512;
const LF = 0x0a;

type Fault = "flip" | "cut" | "NUL byte" | "NUL block" | "NULs";
const faults: readonly Fault[] = ["flip", "cut", "NUL byte", "NUL block", "NULs"];
const boots = { "a kill": "first boot", "a power cut": "second boot" } as const;
type Cause = keyof typeof boots;

/** `bytes` after the fault at `at`; `null` when it changes nothing. */
function damaged(bytes: Uint8Array, fault: Fault, at: number, bit: number): Uint8Array | null {
  const copy = bytes.slice(0, fault === "cut" ? at : bytes.length);
  const block = at - at % blockBytes;
  if (fault === "flip") copy[at] = (copy[at] ?? 0) ^ 1 << bit;
  if (fault === "NUL byte") copy[at] = 0;
  if (fault === "NUL block") copy.fill(0, block, block + blockBytes);
  if (fault === "NULs") copy.fill(0, at);
  return Buffer.compare(copy, bytes) === 0 ? null : copy;
}

/** Whether what stands from `from` to `to` is not what it was. */
function differs(before: Uint8Array, after: Uint8Array, from: number, to: number): boolean {
  return Buffer.compare(before.subarray(from, to), after.subarray(from, to)) !== 0;
}

/** Where the NULs begin, from `from` on, that reach to a block's end or to the log's end. */
function startOfLoss(bytes: Uint8Array, from: number): number {
  let start = from;
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] !== 0) start = at + 1;
    else if ((at + 1) % blockBytes === 0) break;
  }
  return start;
}

/** What opening makes of a log's end. */
interface LogEnd {
  /** Of an open record, behind its header, without a line feed that ends its line. */
  readonly openBytes: number | null;
  readonly quarantined: readonly { readonly from: number; readonly to: number }[];
}

/**
 * What must become of a damaged log's end. `records` are those of the log, `touched` the damaged ones,
 * and `openFrom` is where they ended.
 */
function expectedEnd(bytes: Uint8Array, cause: Cause, { records, touched, openFrom }: {
  readonly records: readonly Placed[];
  readonly touched: ReadonlySet<number>;
  readonly openFrom: number;
}): LogEnd {
  let from = Math.min(openFrom, bytes.length);
  let to = bytes.length;
  if (cause === "a power cut") {
    for (const placed of records.toReversed()) {
      const isTorn = placed.to > startOfLoss(bytes, Math.min(placed.from, bytes.length));
      if (!touched.has(placed.record.sequence) || !isTorn) break;
      from = Math.min(placed.from, bytes.length);
    }
    to = startOfLoss(bytes, from);
  }
  const rest = bytes.subarray(from, to);
  const header = new RecordHeader(channel);
  const goesOn = records[0]?.log === activeLog;
  const isOpen = goesOn && rest.length >= header.length && header.read(rest, 0) !== null;
  const end = isOpen ? to : from;
  // A line feed of its own ends its line, too, where the power cut ends it.
  const feeds = cause === "a power cut" && rest.at(-1) === LF ? 1 : 0;
  return {
    openBytes: isOpen ? rest.length - header.length - feeds : null,
    quarantined: end < bytes.length ? [{ from: end, to: bytes.length - 1 }] : [],
  };
}

function assertSameRecord(
  found: JournalRecord,
  { record }: Placed,
  endsKept: boolean,
  what: string,
): void {
  assert.ok(Buffer.compare(found.line, record.line) === 0, `${what}: bytes of ${record.sequence}`);
  assert.equal(found.epoch, record.epoch, what);
  assert.equal(found.timeMs, record.timeMs, what);
  if (endsKept || found.end !== "recovered") assert.equal(found.end, record.end, what);
}

/** Checks what opening gave, `touched` being what may not be readable, and must not be. */
function assertExact(
  opened: Opened,
  specimen: Specimen,
  touched: ReadonlySet<number>,
  options: {
    /** An entry that was lost with how its record ended makes no other record of it. */
    readonly endsKept: boolean;
    readonly what: string;
  },
): void {
  const { endsKept, what } = options;
  for (const placed of specimen.records) {
    const { sequence } = placed.record;
    const found = opened.records.get(sequence);
    if (touched.has(sequence)) assert.ok(found === undefined, `${what}: ${sequence} was touched`);
    else {
      assert.ok(found !== undefined, `${what}: ${sequence} is gone`);
      assertSameRecord(found, placed, endsKept, what);
    }
  }
  const invented = [...opened.records.keys()]
    .filter((sequence) => sequence > specimen.records.length);
  assert.deepEqual(invented, [], `${what}: what nobody wrote`);
  assert.deepEqual(opened.unreadable, touched, `${what}: what is reported`);
}

/** A kill, or a power cut, and a start later the journal holds the same and complains of nothing more. */
async function assertSettled(
  disk: MemoryDisk,
  before: Opened,
  boot: string,
  what: string,
): Promise<void> {
  const { journal } = before;
  const framer = new LineFramer({ position: journal.position });
  journal.append(framer.push(new TextEncoder().encode("~\n")), 0);
  const last = journal.lastSequence;
  await journal.sync();
  const killed = disk.copy();
  await journal.close();
  const after = await openAndRead(killed.copy(), boot);
  assert.deepEqual(after.notices.map(({ message }) => message), [], what);
  const cut = await openAndRead(killed, "third boot");
  assert.deepEqual(cut.notices.map(({ kind }) => kind), ["epoch_started"], `${what}: power cut`);
  assert.deepEqual([...cut.records.keys()], [...after.records.keys()], `${what}: power cut`);
  await cut.journal.close();
  assert.equal(after.journal.lastSequence, last, what);
  const text = textOf(after.records.get(last)?.line ?? new Uint8Array(0));
  assert.ok(text.endsWith("~\n"), `${what}: ${text}`);
  assert.equal(after.records.size, before.records.size + 1, what);
  for (const [sequence, { line, epoch }] of before.records) {
    const found = after.records.get(sequence);
    assert.ok(found !== undefined && Buffer.compare(found.line, line) === 0, what);
    assert.equal(found.epoch, epoch, what);
  }
  await after.journal.close();
}

/** Every place of a file's end, or a sample of all places of the files. */
function* places(
  specimen: Specimen,
  files: readonly { readonly path: string; readonly from: number }[],
  random: (limit: number) => number,
): Generator<{ readonly path: string; readonly at: number }> {
  const all = files.flatMap(({ path, from }) =>
    Array.from(
      { length: specimen.disk.bytes(path).length - from },
      (_, i) => ({ path, at: from + i }),
    )
  );
  if (Deno.env.get("DAMAGE") === "all") return yield* all;
  for (let i = 0; i < sample; i++) {
    const place = all[random(all.length)];
    if (place !== undefined) yield place;
  }
}

/** The files, and where in each of them the last 64 KB of log begin. */
function newestLogBytes(specimen: Specimen): { readonly path: string; readonly from: number }[] {
  let left = verifiedBytes;
  const found: { readonly path: string; readonly from: number }[] = [];
  for (const path of specimen.logs().reverse()) {
    const { length } = specimen.disk.bytes(path);
    found.push({ path, from: Math.max(0, length - left) });
    left = Math.max(0, left - length);
  }
  return found.filter(({ path, from }) => from < specimen.disk.bytes(path).length);
}

for (const fault of faults) {
  for (const cause of ["a kill", "a power cut"] as const) {
    for (const seed of seeds()) {
      Deno.test(`a log of which any byte is hit by ${fault}, after ${cause}: exactly its records are unreadable (SEED=${seed})`, async () => {
        const specimen = await Specimen.make(seed);
        const random = randomFrom(seed ^ 0x5eed);
        const newest = specimen.logs().slice(-2);
        for (const { path, at } of places(specimen, newestLogBytes(specimen), random)) {
          await hitLog(specimen, { fault, cause, path, at, bit: random(8), newest });
        }
      });
    }
  }
}

/** Opens and checks the journal of which a log is damaged. `newest` are the logs that are read at open. */
async function hitLog(specimen: Specimen, { fault, cause, path, at, bit, newest }: {
  readonly fault: Fault;
  readonly cause: Cause;
  readonly path: string;
  readonly at: number;
  readonly bit: number;
  readonly newest: readonly string[];
}): Promise<void> {
  const what = `${fault}, ${cause}, ${path} ${at} bit ${bit}`;
  const before = specimen.disk.bytes(path);
  const bytes = damaged(before, fault, at, bit);
  if (bytes === null) return;
  const disk = specimen.disk.copy();
  disk.write(path, bytes);
  const records = specimen.records.filter(({ log }) => log === path);
  const touched = new Set(
    records.filter(({ from, to }) => differs(before, bytes, from, to))
      .map(({ record }) => record.sequence),
  );
  const opened = await openAndRead(disk, boots[cause]);
  assertExact(opened, specimen, touched, { endsKept: true, what });
  if (newest.includes(path)) {
    assert.deepEqual(opened.named, touched, `${what}: at open`);
    const openFrom = path === activeLog ? specimen.openFrom : before.length;
    const end = expectedEnd(bytes, cause, { records, touched, openFrom });
    const told = opened.notices.filter(({ kind }) => /_bytes$/.test(kind));
    const quarantined = end.quarantined.map((range) => ["quarantined_bytes", range]);
    assert.deepEqual(told.map(({ kind, details }) => [kind, details]), quarantined, what);
    const openBytes = path === activeLog ? end.openBytes : specimen.openBytes;
    assert.equal(opened.openBytes, openBytes, what);
  } else assert.equal(opened.openBytes, specimen.openBytes, what);
  await assertSettled(disk, opened, boots[cause], what);
}

for (const fault of faults) {
  for (const seed of seeds()) {
    Deno.test(`an index of which any byte is hit by ${fault}: no record is lost that the log can give back (SEED=${seed})`, async () => {
      const specimen = await Specimen.make(seed);
      const random = randomFrom(seed ^ 0x5eed);
      const logs = specimen.logs();
      const oldest = logs.slice(0, -2);
      const indexes = logs.map((log) => ({ path: log.replace(/log$/, "idx"), from: 0 }));
      for (const { path, at } of places(specimen, indexes, random)) {
        const bit = random(8);
        const what = `${fault} ${path} ${at} bit ${bit}`;
        const bytes = damaged(specimen.disk.bytes(path), fault, at, bit);
        if (bytes === null) continue;
        const disk = specimen.disk.copy();
        disk.write(path, bytes);
        // What is wrong inside an index of long ago is seen when it is read.
        const log = path.replace(/idx$/, "log");
        const own = specimen.records.filter((each) => each.log === log);
        const before = specimen.disk.bytes(path);
        const unseen = oldest.includes(log) && fault !== "cut" &&
          !differs(before, bytes, 0, indexHeaderBytes);
        const touched = new Set(
          own.filter((_, i) => unseen && changesEntry(before, bytes, i))
            .map(({ record }) => record.sequence),
        );
        const opened = await openAndRead(disk);
        const endsKept = fault === "flip" || fault === "NUL byte";
        assertExact(opened, specimen, touched, { endsKept, what });
        assert.equal(opened.openBytes, specimen.openBytes, what);
        await assertSettled(disk, opened, "first boot", what);
      }
    });

    Deno.test(`a state of which any byte is hit by ${fault}: every record keeps its id (SEED=${seed})`, async () => {
      const specimen = await Specimen.make(seed);
      const random = randomFrom(seed ^ 0x5eed);
      for (const { at } of places(specimen, [{ path: statePath, from: 0 }], random)) {
        const bit = random(8);
        const what = `${fault} state ${at} bit ${bit}`;
        const bytes = damaged(specimen.disk.bytes(statePath), fault, at, bit);
        if (bytes === null) continue;
        const disk = specimen.disk.copy();
        disk.write(statePath, bytes);
        const opened = await openAndRead(disk);
        assertExact(opened, specimen, new Set(), { endsKept: true, what });
        await assertSettled(disk, opened, "first boot", what);
      }
    });
  }
}

/** Whether entry `number` differs. */
function changesEntry(before: Uint8Array, after: Uint8Array, number: number): boolean {
  const from = indexHeaderBytes + number * indexEntryBytes;
  return differs(before, after, from, from + indexEntryBytes);
}
