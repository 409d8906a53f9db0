// Kinds of notice that are about records on the disk: what is damaged, lost, or numbered anew.

import type { Kinds } from "./kind.ts";

const records = { from: "first sequence", to: "last sequence, included" };
const bytes = { from: "first byte, an offset in the log", to: "last byte, included" };

export const journalKinds = {
  records_lost: {
    level: "error",
    means: "records had to go before their delivery",
    toDo: "make room, and find out why delivery stands still",
    details: { ...records, records: "how many" },
  },
  records_not_kept: {
    level: "warning",
    means: "records that were delivered had to go from the disk",
    toDo: "make room",
    details: { ...records, records: "how many" },
  },
  unreadable_records: {
    level: "error",
    means: "records on the disk are damaged and cannot be read",
    toDo: "look at the disk: dmesg, smartctl",
    details: records,
  },
  stray_bytes: {
    level: "error",
    means: "bytes in a log belong to no record; they stay where they are, or are set aside",
    toDo: "nothing; after a power cut that is what was torn",
    details: { ...bytes, bytes: "how many, where they were set aside" },
  },
  quarantined_bytes: {
    level: "error",
    means: "bytes in a log belong to no record and were moved to a `.quarantine` file",
    toDo: "nothing; after a power cut that is what was torn",
    details: bytes,
  },
  index_lost: {
    level: "error",
    means: "an index was lost and made anew from its log; no record is lost by that",
    toDo: "nothing; if it comes again, look at the disk",
    details: bytes,
  },
  foreign_index: {
    level: "error",
    means: "an index did not belong to its log and was made anew; no record is lost by that",
    toDo: "find out who copies files in the log folder",
    details: bytes,
  },
  index_header_lost: {
    level: "warning",
    means: "an index's header was damaged and made anew; no record is lost by that",
    toDo: "nothing; if it comes again, look at the disk",
    details: bytes,
  },
  records_reindexed: {
    level: "info",
    means: "records that were whole in the log got their index entries again",
    toDo: "nothing",
    details: { records: "how many" },
  },
  mending_refused: {
    level: "warning",
    means: "a damaged file could not be mended; the next start tries again",
    toDo: "check the disk: dmesg, df -h, mount",
  },
  packed_log_damaged: {
    level: "error",
    means: "a compressed log can be read in part only; it is kept as `.quarantine`",
    toDo: "look at the disk: dmesg, smartctl",
    details: { bytes: "bytes that could be read" },
  },
  segment_lost: {
    level: "error",
    means: "the log of a rotated segment is gone or cannot be read",
    toDo: "find out who removed it, or look at the disk",
    details: { firstSequence: "sequence of its first record" },
  },
  log_lost: {
    level: "error",
    means: "the log that is written to was gone at the start",
    toDo: "find out who removed it",
    details: { firstSequence: "sequence of its first record" },
  },
  epoch_started: {
    level: ["warning", "debug"],
    means: "numbering goes on in a new epoch, so that no message id is given twice",
    toDo: "nothing",
    details: { sequence: "first one of the epoch", epoch: "its name" },
  },
  rotation_postponed: {
    level: "warning",
    means: "a new log cannot be begun; the old one goes on",
    toDo: "make room, or mend the disk",
  },
  retention_failed: {
    level: "warning",
    means: "rotated logs could not be tidied up",
    toDo: "check the disk: dmesg, df -h, mount",
  },
  sync_failed: {
    level: ["error", "warning"],
    means: "the disk did not confirm that it keeps what was written; it is written again",
    toDo: "check the disk: dmesg, df -h, mount",
  },
  look_failed: {
    level: "error",
    means: "looking after a journal's files failed; it is tried again",
    toDo: "check the disk: dmesg, df -h, mount",
  },
} as const satisfies Kinds;
