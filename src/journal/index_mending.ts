// Writes an index anew where it was damaged. What is missing at its end is appended; what stands in
// front is changed in a copy that takes its place, so that a power cut leaves the old one or the new.

import { dirname } from "node:path";
import { appendAll, type AppendFile, type Disk } from "../platform/disk.ts";
import {
  encodeIndexHeader,
  indexEntryBytes,
  type IndexHeader,
  indexHeaderBytes,
} from "./segment_index.ts";

const entriesAtOnce = 2048;

export interface IndexMending {
  readonly disk: Disk;
  readonly path: string;
  readonly header: IndexHeader;
  /** Entries to keep from the file's beginning; `null` when it is to be made anew. */
  readonly keep: number | null;
  /** Entries to put in place of kept ones, by number. */
  readonly changes: ReadonlyMap<number, Uint8Array>;
  /** Entries behind those. */
  readonly added: Uint8Array;
}

/** Cuts the index behind what is kept, and appends. @throws {Error} what the disk threw */
export function extendIndex({ disk, path, header, keep, added }: IndexMending): void {
  const file = disk.append(path);
  try {
    const length = keep === null ? 0 : indexHeaderBytes + keep * indexEntryBytes;
    if (disk.size(path) !== length) file.truncate(length);
    if (keep === null) appendAll(file, encodeIndexHeader(header));
    appendAll(file, added);
    file.syncNow();
  } finally {
    file.close();
  }
}

/** Puts a changed copy in its place. @throws {Error} what the disk threw; the index is as it was */
export function replaceIndex(mending: IndexMending): void {
  const { disk, path } = mending;
  const temporary = `${path}.tmp`;
  if (disk.size(temporary) !== null) disk.remove(temporary);
  const file = disk.append(temporary);
  try {
    appendAll(file, encodeIndexHeader(mending.header));
    copyEntries(mending, file);
    appendAll(file, mending.added);
    file.syncNow();
  } finally {
    file.close();
  }
  disk.rename(temporary, path);
  disk.syncFolderNow(dirname(path));
}

function copyEntries({ disk, path, keep, changes }: IndexMending, target: AppendFile): void {
  const source = disk.read(path);
  try {
    const count = keep ?? 0;
    for (let first = 0; first < count; first += entriesAtOnce) {
      const length = Math.min(entriesAtOnce, count - first);
      const entries = new Uint8Array(length * indexEntryBytes);
      source.readNow(entries, indexHeaderBytes + first * indexEntryBytes);
      for (let i = 0; i < length; i++) {
        const changed = changes.get(first + i);
        if (changed !== undefined) entries.set(changed, i * indexEntryBytes);
      }
      appendAll(target, entries);
    }
  } finally {
    source.close();
  }
}
