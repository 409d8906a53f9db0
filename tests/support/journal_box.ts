// A box with one channel's journal on the real disk: opens it, feeds it through the real framer,
// reads it back, and can be copied as it stands, which is what a SIGKILL leaves.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { LineFramer } from "../../src/framer/line_framer.ts";
import { Journal } from "../../src/journal/journal.ts";
import type { JournalOptions } from "../../src/journal/journal_options.ts";
import type { SequenceRange } from "../../src/journal/journal_reader.ts";
import { TailBudget } from "../../src/journal/tail_budget.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { type ChannelId, channelName, type JournalRecord, RecordHeader } from "../../src/record.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

export const channel = { fips: "1429010002", side: "A1" };
export const name = "1429010002-A1";
/** 2025-12-03 15:04:05.123 UTC */
export const timeMs = Date.UTC(2025, 11, 3, 15, 4, 5, 123);
export const headerText = "[1429010002][A1][2025-12-03 15:04:05.123] ";

/** A record, in a form that assertions can compare and people can read. */
export interface PlainRecord {
  readonly id: string;
  readonly text: string;
  readonly end: string;
}

/** What a journal is called, and what its records begin with. */
export function journalOf(channel: ChannelId): Pick<JournalOptions, "name" | "recordHeader"> {
  return { name: channelName(channel), recordHeader: new RecordHeader(channel) };
}

/** What a journal needs of memory and space, in a test where neither is short. */
export function plentyOfRoom(
  tailFolder: string,
): Pick<JournalOptions, "tailFolder" | "tailBudget" | "space"> {
  return {
    tailFolder,
    tailBudget: new TailBudget({ maxBytes: 1024 * 1024 }),
    space: { floorBytes: 0, isClosed: false },
  };
}

export class JournalBox implements Disposable {
  readonly folder: string;
  readonly statePath: string;
  readonly tailFolder: string;
  readonly notices: Notice[] = [];
  readonly #root = new TemporaryFolder("journal");

  constructor() {
    this.folder = this.#root.join("logs");
    this.tailFolder = this.#root.join("tail");
    this.statePath = this.#root.join("state", "journal.json");
    mkdirSync(this.#root.join("state"));
  }

  [Symbol.dispose](): void {
    this.#root[Symbol.dispose]();
  }

  /** Opens the journal. It syncs when told to and keeps everything, unless `options` differ. */
  open(options: Partial<JournalOptions> = {}): Promise<Journal> {
    return Journal.open({
      ...journalOf(channel),
      folder: this.folder,
      ...plentyOfRoom(this.tailFolder),
      statePath: this.statePath,
      boot: "first boot",
      maxSegmentBytes: 1024 * 1024,
      maxBackups: 1000,
      compress: false,
      holders: ["sink"],
      sync: 3_600_000,
      disk: systemDisk,
      clock: systemClock,
      report: (notice) => this.notices.push(notice),
      ...options,
    });
  }

  /** What a SIGKILL at this moment would leave. */
  copy(): JournalBox {
    const copy = new JournalBox();
    // Not cpSync(): Deno 2.4.2's makes a new folder in the one that is there.
    mkdirSync(copy.folder);
    for (const file of this.files()) copyFileSync(this.path(file), copy.path(file));
    if (existsSync(this.tailFolder)) mkdirSync(copy.tailFolder);
    for (const file of this.tailFiles()) {
      copyFileSync(`${this.tailFolder}/${file}`, `${copy.tailFolder}/${file}`);
    }
    if (existsSync(this.statePath)) copyFileSync(this.statePath, copy.statePath);
    return copy;
  }

  /** Names of the journal's files, sorted. */
  files(): string[] {
    return readdirSync(this.folder).sort();
  }

  /** Names of the files in memory, sorted. */
  tailFiles(): string[] {
    return existsSync(this.tailFolder) ? readdirSync(this.tailFolder).sort() : [];
  }

  path(file: string): string {
    return `${this.folder}/${file}`;
  }

  bytes(file: string): Uint8Array {
    return new Uint8Array(readFileSync(this.path(file)));
  }

  /** What people read: all logs that are not packed, one after the other. */
  logText(): string {
    const logs = this.files().filter((file) => /(?<!\.next)\.log$/.test(file));
    return logs.map((file) => textOf(this.bytes(file))).join("");
  }

  write(file: string, bytes: Uint8Array): void {
    writeFileSync(this.path(file), bytes);
  }

  /** Kinds of the notices so far that mean that something is wrong. */
  complaints(): string[] {
    return this.notices.filter(({ level }) => level === "error").map(({ kind }) => kind);
  }

  /** Path without ending of the rotated segments' files, oldest first. */
  rotated(): string[] {
    return this.files()
      .filter((file) => /\.\d{8}T\d{6}Z\.log(\.gz)?$/.test(file))
      .map((file) => file.replace(/\.log(\.gz)?$/, ""));
  }
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Every byte as the character with its number. */
export function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** Appends text as a source would: framed from where the journal stands. */
export function feed(journal: Journal, text: string, atMs = timeMs): void {
  const framer = new LineFramer({ position: journal.position });
  journal.append(framer.push(bytesOf(text)), atMs);
}

export function plain(record: JournalRecord): PlainRecord {
  const bytes = record.line.subarray(new RecordHeader(channel).length, -1);
  return { id: `${record.epoch}/${record.sequence}`, text: textOf(bytes), end: record.end };
}

/** All that a reader sees, a few records at a time. */
export async function readAll(
  journal: Journal,
): Promise<{ readonly records: JournalRecord[]; readonly unreadable: SequenceRange[] }> {
  using reader = journal.reader();
  const records: JournalRecord[] = [];
  const unreadable: SequenceRange[] = [];
  for (let next = journal.oldestSequence;;) {
    const result = await reader.read(next, { maxRecords: 3, maxBytes: 1000 });
    if (result.next === next) return { records, unreadable };
    records.push(...result.records);
    unreadable.push(...result.unreadable);
    next = result.next;
  }
}

/** The records' texts, after a sync. */
export async function texts(journal: Journal): Promise<string[]> {
  await journal.sync();
  return (await readAll(journal)).records.map((record) => plain(record).text);
}
