// A journal in three segments of which every byte, in turn, is flipped, cut off with all behind it,
// or turned into NULs: it opens, gives every record that was not touched, with its number, its bytes
// and its end, and tells exactly which ones cannot be read. DAMAGE=all takes every byte of the
// last 64 KB of log, of the indexes and of the state; otherwise a sample, which SEED repeats.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { LineFramer } from "../../src/framer/line_framer.ts";
import { Journal } from "../../src/journal/journal.ts";
import { indexEntryBytes, indexHeaderBytes } from "../../src/journal/segment_index.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { type JournalRecord, RecordHeader } from "../../src/record.ts";
import { channel, name, plentyOfRoom, textOf } from "../support/journal_box.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { seeds } from "../support/seeds.ts";

const folder = "/logs";
const statePath = "/state/journal.json";
const activeLog = `${folder}/${name}.log`;
const verifiedBytes = 64 * 1024;
/** Openings a test, unless all are asked for. */
const sample = 400;

type Fault = "flip" | "cut" | "NUL byte" | "NULs";
const faults: readonly Fault[] = ["flip", "cut", "NUL byte", "NULs"];

/** Where a record stands. */
interface Placed {
  readonly record: JournalRecord;
  readonly log: string;
  readonly from: number;
  /** Behind its line feed. */
  readonly to: number;
}

interface Opened {
  readonly journal: Journal;
  readonly records: Map<number, JournalRecord>;
  readonly notices: readonly Notice[];
  /** Sequences that the notices of opening name. */
  readonly named: ReadonlySet<number>;
  /** Those, and the ones that the reader could not give. */
  readonly unreadable: ReadonlySet<number>;
}

/** Numbers from 0 to below `limit`, the same ones for a seed. */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) % limit;
  };
}

function openJournal(disk: MemoryDisk, boot: string, notices: Notice[]): Promise<Journal> {
  return Journal.open({
    channel,
    folder,
    ...plentyOfRoom("/run/tail"),
    statePath,
    boot,
    maxSegmentBytes: 30_000,
    maxBackups: 1000,
    compress: false,
    holders: ["sink"],
    sync: 3_600_000,
    disk,
    clock: systemClock,
    report: (notice) => notices.push(notice),
  });
}

async function openAndRead(disk: MemoryDisk, boot = "first boot"): Promise<Opened> {
  const notices: Notice[] = [];
  const journal = await openJournal(disk, boot, notices);
  const named = new Set<number>();
  for (const { kind, details } of notices) {
    if (kind === "unreadable_records") {
      addRange(named, Number(details?.["from"]), Number(details?.["to"]));
    }
  }
  const unreadable = new Set(named);
  const records = new Map<number, JournalRecord>();
  using reader = journal.reader();
  for (let next = 1;;) {
    const read = await reader.read(next, { maxRecords: 1000, maxBytes: 1_000_000 });
    if (read.next === next) return { journal, records, notices, named, unreadable };
    for (const record of read.records) records.set(record.sequence, record);
    for (const { from, to } of read.unreadable) addRange(unreadable, from, to);
    next = read.next;
  }
}

function addRange(set: Set<number>, from: number, to: number): void {
  for (let sequence = from; sequence <= to; sequence++) set.add(sequence);
}

/** A journal whose service was killed, in segments of 30 KB, and what it holds. */
class Specimen {
  readonly disk = new MemoryDisk();
  records: readonly Placed[] = [];
  /** Where the open record begins in the active log, and its bytes behind the header. */
  openFrom = 0;
  openBytes = 0;

  static async make(seed: number): Promise<Specimen> {
    const specimen = new Specimen();
    await specimen.#fill(randomFrom(seed));
    return specimen;
  }

  async #fill(random: (limit: number) => number): Promise<void> {
    const writing = new MemoryDisk();
    const journal = await openJournal(writing, "first boot", []);
    const framer = new LineFramer({ position: journal.position, maxBytes: 400 });
    for (let i = 0; i < 480; i++) {
      const bytes = Uint8Array.from(
        { length: random(330) },
        () => random(4) ? 32 + random(90) : random(256),
      );
      const terminators = i % 3 === 0 ? [13] : i % 3 === 1 ? [10] : [];
      const timeMs = Date.UTC(2025, 11, 3) + i * 977;
      journal.append(framer.push(Uint8Array.of(...bytes, ...terminators)), timeMs);
      if (i % 7 === 0) journal.append(framer.flush("idle"), timeMs);
      // As a framing by start and end characters gives it.
      const spanning = Uint8Array.of(2, 10, 10, ...bytes.subarray(0, 20), 10, 3);
      if (i % 11 === 0 && journal.position.openBytes === null) {
        journal.append([{ bytes: spanning, end: "line_feed" }], timeMs);
      }
    }
    journal.append(framer.flush("idle"), 0);
    journal.append(framer.push(new TextEncoder().encode("the open record's bytes so far")), 0);
    await journal.sync();
    // Takes the numbering's last save with it, but no clean stop.
    await new Promise((resolve) => setTimeout(resolve));
    for (const path of writing.paths()) this.disk.write(path, writing.bytes(path).slice());
    this.openBytes = journal.position.openBytes ?? 0;
    await journal.close();
    await this.#place();
  }

  async #place(): Promise<void> {
    const { journal, records } = await openAndRead(this.disk.copy());
    const placed: Placed[] = [];
    for (const log of this.logs()) {
      let from = 0;
      const first = this.#firstSequence(log);
      const count = (this.disk.bytes(log.replace(/log$/, "idx")).length - indexHeaderBytes) /
        indexEntryBytes;
      for (let sequence = first; sequence < first + count; sequence++) {
        const record = records.get(sequence);
        assert.ok(record !== undefined);
        placed.push({ record, log, from, to: from + record.line.length });
        from += record.line.length;
      }
      if (log === activeLog) this.openFrom = from;
    }
    this.records = placed;
    await journal.close();
  }

  #firstSequence(log: string): number {
    const index = this.disk.bytes(log.replace(/log$/, "idx"));
    return Number(new DataView(index.buffer, index.byteOffset).getBigUint64(8, true));
  }

  /** Paths of the logs, the active one last. */
  logs(): string[] {
    const rotated = this.disk.paths().filter((path) => /Z\.log$/.test(path));
    return [...rotated, activeLog];
  }
}

/** `bytes` after the fault at `at`; `null` when it changes nothing. */
function damaged(bytes: Uint8Array, fault: Fault, at: number, bit: number): Uint8Array | null {
  const copy = bytes.slice(0, fault === "cut" ? at : bytes.length);
  if (fault === "flip") copy[at] = (copy[at] ?? 0) ^ 1 << bit;
  if (fault === "NUL byte") copy[at] = 0;
  if (fault === "NULs") copy.fill(0, at);
  return Buffer.compare(copy, bytes) === 0 ? null : copy;
}

/** Whether the fault at `at` changes what stands from `from` to `to`. */
function touches(fault: Fault, at: number, { from, to }: { from: number; to: number }): boolean {
  return fault === "flip" || fault === "NUL byte" ? at >= from && at < to : at < to;
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
    /** The open record may have become one that ended. */
    readonly openTouched?: boolean;
    readonly what: string;
  },
): void {
  const { endsKept, openTouched = false, what } = options;
  const extra = specimen.records.length + (openTouched ? 1 : 0);
  for (const placed of specimen.records) {
    const { sequence } = placed.record;
    const found = opened.records.get(sequence);
    if (touched.has(sequence)) assert.equal(found, undefined, `${what}: ${sequence} was touched`);
    else {
      assert.ok(found !== undefined, `${what}: ${sequence} is gone`);
      assertSameRecord(found, placed, endsKept, what);
    }
  }
  const invented = [...opened.records.keys()].filter((sequence) => sequence > extra);
  assert.deepEqual(invented, [], `${what}: what nobody wrote`);
  assert.deepEqual(opened.unreadable, touched, `${what}: what is reported`);
}

/** A kill and a start later the journal holds the same, goes on, and complains of nothing more. */
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
  const after = await openAndRead(killed, boot);
  assert.deepEqual(after.notices.map(({ message }) => message), [], what);
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
  for (const seed of seeds()) {
    Deno.test(`a log of which any byte is hit by ${fault}: exactly its records are unreadable (SEED=${seed})`, async () => {
      const specimen = await Specimen.make(seed);
      const random = randomFrom(seed ^ 0x5eed);
      const header = new RecordHeader(channel).length;
      const boot = fault === "flip" || fault === "NUL byte" ? "first boot" : "second boot";
      const newest = specimen.logs().slice(-2);
      for (const { path, at } of places(specimen, newestLogBytes(specimen), random)) {
        const bit = random(8);
        const what = `${fault} ${path} ${at} bit ${bit}`;
        const bytes = damaged(specimen.disk.bytes(path), fault, at, bit);
        if (bytes === null) continue;
        const disk = specimen.disk.copy();
        disk.write(path, bytes);
        const touched = new Set(
          specimen.records.filter((each) => each.log === path && touches(fault, at, each))
            .map(({ record }) => record.sequence),
        );
        const opened = await openAndRead(disk, boot);
        const openTouched = path === activeLog && at >= specimen.openFrom;
        assertExact(opened, specimen, touched, { endsKept: true, openTouched, what });
        if (newest.includes(path)) assert.deepEqual(opened.named, touched, `${what}: at open`);
        const { openBytes } = opened.journal.position;
        const inOpen = at - specimen.openFrom;
        if (path !== activeLog || at < specimen.openFrom && !["cut", "NULs"].includes(fault)) {
          assert.equal(openBytes, specimen.openBytes, what);
        } else if (fault === "cut" || fault === "NULs") {
          assert.equal(openBytes, inOpen >= header ? inOpen - header : null, what);
          const torn = fault === "NULs" || inOpen > 0 && inOpen < header;
          const quarantined = opened.notices.filter(({ kind }) => kind === "quarantined_bytes");
          const from = inOpen < header ? specimen.openFrom : at;
          assert.deepEqual(
            quarantined.map(({ details }) => details),
            torn ? [{ from, to: bytes.length - 1 }] : [],
            what,
          );
        }
        await assertSettled(disk, opened, boot, what);
      }
    });
  }
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
        const unseen = oldest.includes(log) && at >= indexHeaderBytes && fault !== "cut";
        const touched = new Set(
          own.filter((_, i) => unseen && changesEntry(specimen.disk.bytes(path), bytes, i))
            .map(({ record }) => record.sequence),
        );
        const opened = await openAndRead(disk);
        const endsKept = fault === "flip" || fault === "NUL byte";
        assertExact(opened, specimen, touched, { endsKept, what });
        assert.equal(opened.journal.position.openBytes, specimen.openBytes, what);
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
  const entry = (bytes: Uint8Array): Uint8Array => bytes.subarray(from, from + indexEntryBytes);
  return Buffer.compare(entry(before), entry(after)) !== 0;
}
