// What a journal must hold after whatever happened to it, kept as plain arrays: what was appended,
// what was promised to last, and which ids were given out. It knows nothing of files.

import assert from "node:assert/strict";
import type { Fragment } from "../../src/framer/framer.ts";
import type { SequenceRange } from "../../src/journal/journal_reader.ts";
import { type JournalRecord, RecordHeader } from "../../src/record.ts";
import { jsonHeader } from "../../src/telemetry/json_lines.ts";
import { channel } from "./journal_box.ts";

/** A record in a form that can be compared. */
export interface ModelRecord {
  readonly epoch: string;
  readonly sequence: number;
  readonly text: string;
  readonly timeMs: number;
}

/** Bytes that were appended, whether or not their record has ended. */
export type Line = Pick<ModelRecord, "text" | "timeMs">;

/** The open record at some moment, behind the last whole record. */
export interface OpenLine extends Line {
  readonly after: number;
}

/** What a reader found from the oldest record to the end. */
export interface FoundRecords {
  readonly records: readonly ModelRecord[];
  readonly unreadable: readonly SequenceRange[];
  /** Bytes of the open record; `null` when none is. */
  readonly openBytes: number | null;
  /** The last record was ended because the machine, as far as is known, went down. @default {false} */
  readonly isCutOff?: boolean;
}

const headers = [new RecordHeader(channel), jsonHeader];
const decoder = new TextDecoder("latin1");

export function modelRecord({ epoch, sequence, timeMs, line }: JournalRecord): ModelRecord {
  const header = headers.find((each) => each.read(line, 0) !== null);
  assert.ok(header !== undefined, `a record without a header: ${decoder.decode(line)}`);
  return { epoch, sequence, timeMs, text: decoder.decode(line.subarray(header.length, -1)) };
}

export class JournalModel {
  /** Oldest first; the last ones may not last yet. */
  #records: readonly ModelRecord[] = [];
  /** Released and removed; a power cut may bring them back. */
  readonly #gone: ModelRecord[] = [];
  #open: Line | null = null;
  /** When the journal was held against this the last time. */
  #unreadable: readonly SequenceRange[] = [];
  /** Lines that an append which did not succeed may have left, in whole or in part. */
  #attempted: readonly Line[] = [];
  #released = 0;
  /** Last sequence that readers may have seen. */
  #readable = 0;
  /** Last sequence that no power cut may take. */
  #lasting = 0;
  /** The beginning of a record that no power cut may take. */
  #lastingOpen: OpenLine | null = null;
  /** Texts of the ids that were given out. */
  readonly #given = new Map<string, string>();

  get lastingSequence(): number {
    return this.#lasting;
  }

  /** Whether an append that did not succeed may have left something. */
  get hasAttempted(): boolean {
    return this.#attempted.length > 0;
  }

  /** What a sync that begins now covers of the open record; `null` when none is open. */
  get open(): OpenLine | null {
    const after = this.#records.at(-1)?.sequence ?? 0;
    return this.#open === null ? null : { ...this.#open, after };
  }

  /** A sync succeeded that covered so much of a record that was open then. */
  promiseOpen(open: OpenLine | null): void {
    // A line feed at its end ends its line in the log, too, when a power cut ends the record.
    if (open !== null) this.#lastingOpen = { ...open, text: open.text.replace(/\n$/, "") };
  }

  /** An append succeeded; the last record it ended is `last` now. */
  accept(fragments: readonly Fragment[], timeMs: number, last: number, epoch: string): void {
    const { lines, open } = this.#cut(fragments, timeMs);
    const before = this.#records.at(-1)?.sequence ?? 0;
    const first = last - lines.length + 1;
    assert.ok(first > before, `sequence ${first} given out behind ${before}`);
    const added = lines.map((line, i) => ({ ...line, epoch, sequence: first + i }));
    this.#records = [...this.#records, ...added];
    this.#open = open;
    this.#attempted = [];
  }

  /** An append failed, or the process died in it. */
  attempt(fragments: readonly Fragment[], timeMs: number): void {
    const { lines, open } = this.#cut(fragments, timeMs);
    this.#attempted = open === null ? lines : [...lines, open];
  }

  /**
   * Readers may see records up to `readable`: their ids are given out. Those up to `lasting` are
   * said to survive a power cut; it is less where the others are in memory only.
   */
  promise(readable: number, lasting = readable): void {
    this.#lasting = Math.max(this.#lasting, lasting);
    if (readable <= this.#readable) return;
    for (let i = this.#records.length - 1; i >= 0; i--) {
      const record = this.#records[i];
      if (record === undefined || record.sequence <= this.#readable) break;
      if (record.sequence <= readable) this.#give(record);
    }
    this.#readable = readable;
  }

  release(sequence: number): void {
    this.#released = Math.max(this.#released, sequence);
  }

  /** A reader saw this: it was allowed to, and it is what was appended. */
  read({ records, unreadable }: FoundRecords): void {
    const known = new Map(this.#records.map((record) => [record.sequence, record]));
    for (const record of records) {
      assert.ok(record.sequence <= this.#readable, `unsynced record ${record.sequence} was read`);
      assert.deepEqual(record, known.get(record.sequence), "a record that was read");
      this.#give(record);
    }
    this.#assertReadable(unreadable);
  }

  /** Nothing that was accepted may be missing; of an interrupted append any beginning may be there. */
  outliveKill(found: FoundRecords, options: {
    /** An opening before could not mend what it found: now it may, and finds more. */
    readonly mayRecover: boolean;
  }): void {
    this.#assertReadable(found.unreadable);
    const required = this.#records.filter((record) => this.#isNeeded(record));
    const needed = found.records.filter((record) =>
      this.#isNeeded(record) && !(options.mayRecover && this.#isRecovered(record))
    );
    assert.deepEqual(needed.slice(0, required.length), required, "records after a kill");
    const more = needed.slice(required.length);
    const lines = this.#unfinished();
    // A state that could not be saved makes a kill look like a power cut.
    const cutOff = found.isCutOff === true ? more.at(-1) : undefined;
    for (const [i, record] of more.entries()) {
      if (record !== cutOff) assertLine(record, lines[i]);
      else assertBeginning(record, lines[i], i === 0 ? this.#open : null);
    }
    const open = lines[more.length];
    const openBytes = found.openBytes ?? 0;
    if (more.length === 0 && this.#open !== null) {
      assert.ok(found.openBytes !== null, "the open record is gone after a kill");
      assert.ok(openBytes >= this.#open.text.length, "the open record is shorter after a kill");
    }
    if (found.openBytes !== null) {
      assert.ok(open !== undefined && openBytes <= open.text.length, "an open record from nowhere");
    }
    this.#adopt(
      found,
      found.openBytes === null || open === undefined
        ? null
        : { ...open, text: open.text.slice(0, openBytes) },
      more.length,
    );
  }

  /** What was promised to last is there; the rest was appended, at least its beginning. */
  outlivePowerCut(found: FoundRecords): void {
    const ids = new Map(found.records.map((record) => [record.sequence, record]));
    for (const record of this.#records) {
      if (!this.#isNeeded(record) || record.sequence > this.#lasting) continue;
      assert.deepEqual(ids.get(record.sequence), record, "a synced record after a power cut");
    }
    const begun = this.#lastingOpen;
    if (begun !== null && begun.after >= this.#released) {
      // Its record may have got its number and lost other bytes: then it is told as unreadable.
      const isTold = found.unreadable.some(({ from, to }) =>
        from <= begun.after + 1 && begun.after + 1 <= to
      );
      assert.ok(
        isTold || found.records.some((record) => isBeginning(begun, record)),
        `synced bytes of an open record are gone: ${JSON.stringify(begun)}`,
      );
    }
    const lines = [...this.#gone, ...this.#records, ...this.#unfinished()];
    let next = 0;
    for (const record of found.records) {
      const at = lines.findIndex((line, i) => i >= next && isBeginning(record, line));
      assert.ok(at >= 0, `nobody appended ${JSON.stringify(record)}`);
      next = at + 1;
    }
    assert.equal(found.openBytes, null, "open records are ended after a power cut");
    this.#adopt(found, null, 1);
  }

  /** Nobody has released it, so that retention may not have removed it. */
  #isNeeded({ sequence }: ModelRecord): boolean {
    return sequence > this.#released;
  }

  /** It has a number that an opening told as unreadable: whoever needed it has passed it. */
  #isRecovered({ sequence }: ModelRecord): boolean {
    return this.#unreadable.some(({ from, to }) => from <= sequence && sequence <= to);
  }

  /** What may stand behind the last record that was accepted whole. */
  #unfinished(): readonly Line[] {
    if (this.#attempted.length > 0) return this.#attempted;
    return this.#open === null ? [] : [this.#open];
  }

  /** Numbers that were never given out count as unreadable, too; that is no loss. */
  #assertReadable(unreadable: readonly SequenceRange[]): void {
    const lost = this.#records.filter((record) =>
      this.#isNeeded(record) &&
      unreadable.some(({ from, to }) => from <= record.sequence && record.sequence <= to)
    );
    assert.deepEqual(lost, [], "unreadable");
  }

  #adopt({ records, unreadable }: FoundRecords, open: Line | null, more: number): void {
    for (const [i, record] of records.entries()) {
      const before = records[i - 1];
      let expected = before === undefined ? record.sequence : before.sequence + 1;
      for (const { from, to } of unreadable) {
        if (from <= expected && expected <= to) expected = to + 1;
      }
      const risen = before !== undefined && before.epoch !== record.epoch
        ? record.sequence >= expected
        : record.sequence === expected;
      assert.ok(risen, `sequence ${record.sequence}, where ${expected} is next`);
      this.#give(record);
    }
    const first = records[0]?.sequence ?? Infinity;
    this.#gone.push(...this.#records.filter(({ sequence }) => sequence < first));
    this.#records = records;
    this.#open = open;
    this.#lastingOpen = null;
    this.#unreadable = unreadable;
    // What a refused append has left may be found at any later start, until the next one succeeds.
    if (more > 0) this.#attempted = [];
    const last = records.at(-1)?.sequence ?? 0;
    // Those behind it are given to other records now.
    this.#released = Math.min(this.#released, last);
    // Numbers that a new epoch skipped are given out when the epoch is lost before its first record.
    this.#lasting = Math.min(this.#lasting, last);
    this.#readable = last;
  }

  #give({ epoch, sequence, text, timeMs }: ModelRecord): void {
    const id = `${epoch}/${sequence}`;
    const given = this.#given.get(id);
    const value = `${timeMs} ${text}`;
    assert.ok(given === undefined || given === value, `id ${id}: ${given}, and now ${value}`);
    this.#given.set(id, value);
  }

  #cut(
    fragments: readonly Fragment[],
    timeMs: number,
  ): { readonly lines: readonly Line[]; readonly open: Line | null } {
    const lines: Line[] = [];
    let open = this.#open;
    for (const { bytes, end } of fragments) {
      const begun: Line = open ?? { text: "", timeMs };
      const line = { ...begun, text: begun.text + decoder.decode(bytes) };
      if (end !== null) lines.push(line);
      open = end === null ? line : null;
    }
    return { lines, open };
  }
}

function isBeginning(record: Line, line: Line): boolean {
  return record.timeMs === line.timeMs && line.text.startsWith(record.text);
}

/** All that was accepted of it, and perhaps more of what was attempted. */
function assertBeginning(record: ModelRecord, line: Line | undefined, open: Line | null): void {
  assert.ok(
    line !== undefined && isBeginning(record, line) && (open === null || isBeginning(open, record)),
    `a record that was cut off after a kill: ${JSON.stringify(record)}`,
  );
}

function assertLine(record: ModelRecord, line: Line | undefined): void {
  assert.ok(line !== undefined, `a record from nowhere after a kill: ${JSON.stringify(record)}`);
  assert.deepEqual({ text: record.text, timeMs: record.timeMs }, line, "a record after a kill");
}
