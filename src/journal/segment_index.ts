// The binary form of a segment's index: a header that says where the numbering stands, then one
// entry of fixed size a record, so that entry n is found by arithmetic. Pure.
//
//   header, 64 bytes              entry, 32 bytes
//    0  8  "NCINDEX" 0x01          0  6  offset of the line in the log
//    8  8  first sequence          6  1  how the record ended, + 128 when it arrived damaged
//   16 32  epoch, ASCII hex        7  1  1 once the line was reported to be unreadable, else 0
//   48  8  sequence before         8  8  time, milliseconds since 1970, float64
//   56  4  0                      16  4  length of the line: header, bytes, line feed
//                                 20  4  CRC-32 of the line
//   little-endian throughout      24  4  0
//                                 28  4  CRC-32 of bytes 0–27

import { crc32 } from "node:zlib";
import type { RecordEnd } from "../record.ts";

export const indexHeaderBytes = 64;
export const indexEntryBytes = 32;

/** Where a segment's numbering begins. */
export interface IndexHeader {
  readonly firstSequence: number;
  /** 32 hexadecimal digits. */
  readonly epoch: string;
  /** Last sequence that was given out before. @default {the one before the first} */
  readonly previousSequence?: number;
}

/** First sequence that counts in no segment before the one with this header. */
export function endOfFormer(
  { firstSequence, previousSequence = firstSequence - 1 }: IndexHeader,
): number {
  return Math.min(firstSequence, previousSequence + 1);
}

/** Where a record stands in the log, and what it must look like. */
export interface IndexEntry {
  /** Of the line in the log, in bytes. */
  readonly offset: number;
  /** Of the line, in bytes, its line feed included. */
  readonly length: number;
  readonly timeMs: number;
  readonly end: RecordEnd;
  /** Some of its bytes arrived with a wrong parity or stop bit, or a break came between them. */
  readonly damaged: boolean;
  /** CRC-32 of the line. */
  readonly checksum: number;
}

const magic = new Uint8Array([0x4e, 0x43, 0x49, 0x4e, 0x44, 0x45, 0x58, 0x01]);

/** Numbers on disk: add at the end, never change one. */
export const recordEnds: readonly RecordEnd[] = [
  "line_feed",
  "carriage_return",
  "too_long",
  "idle",
  "hang_up",
  "stop",
  "recovered",
  "reboot",
  "etx",
  "gap",
  "length",
  "next_begins",
  "broken_off",
  "message",
];

const damagedBit = 0x80;

export function encodeIndexHeader(header: IndexHeader): Uint8Array {
  const bytes = new Uint8Array(indexHeaderBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setBigUint64(8, BigInt(header.firstSequence), true);
  bytes.set(new TextEncoder().encode(header.epoch).subarray(0, 32), 16);
  const previous = header.previousSequence ?? header.firstSequence - 1;
  view.setBigUint64(48, BigInt(previous), true);
  view.setUint32(60, crc32(bytes.subarray(0, 60)), true);
  return bytes;
}

/** The header in the first 64 of `bytes`, or `null` when it is damaged. */
export function decodeIndexHeader(bytes: Uint8Array): IndexHeader | null {
  if (bytes.length < indexHeaderBytes || magic.some((byte, i) => bytes[i] !== byte)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, indexHeaderBytes);
  if (view.getUint32(60, true) !== crc32(bytes.subarray(0, 60))) return null;
  return {
    firstSequence: Number(view.getBigUint64(8, true)),
    epoch: new TextDecoder().decode(bytes.subarray(16, 48)),
    previousSequence: Number(view.getBigUint64(48, true)),
  };
}

/** Writes `entry` at `at` of `target`. */
export function encodeIndexEntry(target: Uint8Array, at: number, entry: IndexEntry): void {
  const view = new DataView(target.buffer, target.byteOffset + at, indexEntryBytes);
  view.setUint32(0, entry.offset % 2 ** 32, true);
  view.setUint16(4, Math.floor(entry.offset / 2 ** 32), true);
  view.setUint8(6, recordEnds.indexOf(entry.end) + (entry.damaged ? damagedBit : 0));
  view.setUint8(7, 0);
  view.setFloat64(8, entry.timeMs, true);
  view.setUint32(16, entry.length, true);
  view.setUint32(20, entry.checksum, true);
  view.setUint32(24, 0, true);
  view.setUint32(28, crc32(target.subarray(at, at + 28)), true);
}

/** The entry at `at` of `bytes`, or `null` when it is damaged or not whole. */
export function decodeIndexEntry(bytes: Uint8Array, at: number): IndexEntry | null {
  if (at + indexEntryBytes > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, indexEntryBytes);
  if (view.getUint32(28, true) !== crc32(bytes.subarray(at, at + 28))) return null;
  const how = view.getUint8(6);
  const end = recordEnds[how & ~damagedBit];
  if (end === undefined) return null;
  return {
    offset: view.getUint32(0, true) + view.getUint16(4, true) * 2 ** 32,
    length: view.getUint32(16, true),
    timeMs: view.getFloat64(8, true),
    end,
    damaged: (how & damagedBit) !== 0,
    checksum: view.getUint32(20, true),
  };
}

/** Moves the lines that the entries tell of by so many bytes. Damaged entries stay as they are. */
export function shiftEntries(entries: Uint8Array, shift: number): void {
  for (let at = 0; at < entries.length; at += indexEntryBytes) {
    const entry = decodeIndexEntry(entries, at);
    if (entry === null) continue;
    encodeIndexEntry(entries, at, { ...entry, offset: entry.offset + shift });
  }
}

/** Notes in the entry at `at` that its line is known to be unreadable, so that it is said once. */
export function markReported(target: Uint8Array, at: number): void {
  const view = new DataView(target.buffer, target.byteOffset + at, indexEntryBytes);
  view.setUint8(7, 1);
  view.setUint32(28, crc32(target.subarray(at, at + 28)), true);
}

/** Whether `markReported` was called for the entry at `at`. */
export function isReported(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 7] === 1;
}
