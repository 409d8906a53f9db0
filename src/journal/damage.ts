// What opening a journal found wrong in a segment, in words: every loss once, with its exact range.

import type { Notice } from "../platform/notice.ts";

/**
 * Something that is wrong, or was. `unreadable_records`: their bytes do not match the index, or are
 * gone; `from` and `to` are the first and the last sequence. `stray_bytes` belong to no record and
 * stay where they are, `quarantined_bytes` were moved out of the log; `from` and `to` are offsets in
 * it. `index_lost`, `foreign_index` and `index_header_lost` cost no record; `from` and `to` are the
 * stretch of log that was read in place of it.
 */
export interface Damage {
  readonly what:
    | "unreadable_records"
    | "stray_bytes"
    | "quarantined_bytes"
    | "index_lost"
    | "foreign_index"
    | "index_header_lost";
  readonly from: number;
  readonly to: number;
}

/** What repairing a segment has to tell. */
export interface RepairReport {
  /** Records that were whole in the log and got an index entry again. */
  readonly reindexed: number;
  /** Not what an opening before has told. */
  readonly damage: readonly Damage[];
  /** What the disk would not let be mended; the next opening tries again. */
  readonly refusals: readonly string[];
}

/** Numbers in rising order as runs of consecutive ones. */
export function unreadableRuns(sequences: readonly number[]): Damage[] {
  const found: Damage[] = [];
  for (const sequence of sequences) {
    const last = found.at(-1);
    if (last !== undefined && last.to === sequence - 1) {
      found[found.length - 1] = { ...last, to: sequence };
    } else {
      found.push({ what: "unreadable_records", from: sequence, to: sequence });
    }
  }
  return found;
}

/** Without what is said of records from `end` on: they count in another segment. */
export function damageBefore(end: number, damage: readonly Damage[]): Damage[] {
  return damage.flatMap((each) => {
    if (each.what !== "unreadable_records") return [each];
    return each.from < end ? [{ ...each, to: Math.min(each.to, end - 1) }] : [];
  });
}

/** The notices for the segment at `base`, its path without ending. */
export function repairNotices(base: string, repair: RepairReport): Notice[] {
  const notices: Notice[] = [];
  if (repair.reindexed > 0) {
    notices.push({
      level: "info",
      kind: "records_reindexed",
      message: `open journal: ${base}.log: ${repair.reindexed} records indexed again`,
      details: { records: repair.reindexed },
    });
  }
  for (const damage of repair.damage) notices.push(damageNotice(base, damage));
  for (const refusal of repair.refusals) {
    notices.push({
      level: "warning",
      kind: "mending_refused",
      message: `open journal: ${base}.log: ${refusal}`,
      hint: "check the disk: dmesg, df -h, mount; the next start tries again",
    });
  }
  return notices;
}

function damageNotice(base: string, { what, from, to }: Damage): Notice {
  const texts: Record<Damage["what"], string> = {
    unreadable_records: `records ${from}–${to} cannot be read`,
    stray_bytes: `bytes ${from}–${to} belong to no record and stay where they are`,
    quarantined_bytes: `bytes ${from}–${to} belong to no record: moved to ${base}.quarantine`,
    index_lost: "the index was lost and made anew from the log",
    foreign_index: "the index is not this log's: made anew from the log",
    index_header_lost: "the index's header was damaged and made anew",
  };
  return {
    level: what === "index_header_lost" ? "warning" : "error",
    kind: what,
    message: `open journal: ${base}.log: ${texts[what]}`,
    details: { from, to },
  };
}
