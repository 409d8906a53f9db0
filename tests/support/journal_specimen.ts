// A journal in memory to do damage to: random records in several segments, as a kill left it; and how
// it is opened again, with all that it holds and tells.

import assert from "node:assert/strict";
import { LineFramer } from "../../src/framer/line_framer.ts";
import { Journal } from "../../src/journal/journal.ts";
import { indexEntryBytes, indexHeaderBytes } from "../../src/journal/segment_index.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { type JournalRecord, RecordHeader } from "../../src/record.ts";
import { channel, journalOf, name, plentyOfRoom } from "./journal_box.ts";
import { MemoryDisk } from "./memory_disk.ts";

const folder = "/logs";
export const statePath = "/state/journal.json";
export const activeLog = `${folder}/${name}.log`;

/** Where a record stands. */
export interface Placed {
  readonly record: JournalRecord;
  readonly log: string;
  readonly from: number;
  /** Behind its line feed. */
  readonly to: number;
}

export interface Opened {
  readonly journal: Journal;
  /** But the one that was open when the machine went down. */
  readonly records: Map<number, JournalRecord>;
  /** Bytes of the record that is open, or was when the machine went down; `null` when none. */
  readonly openBytes: number | null;
  readonly notices: readonly Notice[];
  /** Sequences that the notices of opening name. */
  readonly named: ReadonlySet<number>;
  /** Those, and the ones that the reader could not give. */
  readonly unreadable: ReadonlySet<number>;
}

/** Numbers from 0 to below `limit`, the same ones for a seed. */
export function randomFrom(seed: number): (limit: number) => number {
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
    ...journalOf(channel),
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

export async function openAndRead(disk: MemoryDisk, boot = "first boot"): Promise<Opened> {
  const notices: Notice[] = [];
  const journal = await openJournal(disk, boot, notices);
  const named = new Set<number>();
  for (const { kind, details } of notices) {
    if (kind === "unreadable_records") {
      addRange(named, Number(details?.["from"]), Number(details?.["to"]));
    }
  }
  // Ends what was open when the machine went down, too.
  await journal.sync();
  let { openBytes } = journal.position;
  const header = new RecordHeader(channel);
  const unreadable = new Set(named);
  const records = new Map<number, JournalRecord>();
  using reader = journal.reader();
  for (let next = 1;;) {
    const read = await reader.read(next, { maxRecords: 1000, maxBytes: 1_000_000 });
    if (read.next === next) return { journal, records, openBytes, notices, named, unreadable };
    for (const record of read.records) {
      if (record.end === "reboot") openBytes = record.line.length - header.length - 1;
      else records.set(record.sequence, record);
    }
    for (const { from, to } of read.unreadable) addRange(unreadable, from, to);
    next = read.next;
  }
}

function addRange(set: Set<number>, from: number, to: number): void {
  for (let sequence = from; sequence <= to; sequence++) set.add(sequence);
}

/** A journal whose service was killed, in segments of 30 KB, and what it holds. */
export class Specimen {
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
      if (i % 40 === 0) await journal.sync();
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
    assert.ok(this.logs().length > 3);
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
