// Tells an index that belongs to another log from one whose log was damaged: both match nowhere.

import type { ReadFile } from "../platform/disk.ts";
import type { LineHeader } from "../line_header.ts";
import type { IndexAudit } from "./index_audit.ts";
import { scanLog } from "./log_scan.ts";
import type { IndexEntry } from "./segment_index.ts";

/**
 * Whether an index of which no entry matches `log` was made for another one: the log holds records,
 * and none stands where an entry says with the header that it had.
 */
export function isForeignIndex(
  audit: IndexAudit,
  log: ReadFile,
  header: LineHeader,
): boolean {
  // What an opening has marked is ours.
  if (audit.sound > 0 || audit.unreadable.every(({ reported }) => reported)) return false;
  const entries = new Map(audit.unreadable.map(({ entry }) => [entry.offset, entry]));
  let records = 0;
  for (const { kind, offset, length } of scanLog({ log, from: 0, header })) {
    if (kind === "record") records += 1;
    const entry = entries.get(offset);
    if (entry?.length === length && resembles(log, entry, header)) return false;
  }
  return records > 0;
}

/** One byte of the header may be what is damaged. */
function resembles(log: ReadFile, entry: IndexEntry, header: LineHeader): boolean {
  const written = new Uint8Array(header.length);
  const found = new Uint8Array(header.length);
  header.write(written, 0, entry.timeMs);
  log.readNow(found, entry.offset);
  return written.filter((byte, i) => byte !== found[i]).length <= 1;
}
