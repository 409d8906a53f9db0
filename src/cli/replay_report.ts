// What `nectarcollector replay` is about to do or has done, for programs and for people.

import type { Replay } from "../delivery/replay.ts";
import type { SequenceRange } from "../journal/journal_reader.ts";
import type { KeptSelection } from "../journal/kept_selection.ts";
import { counted } from "./counted.ts";
import { bytesText, timeText } from "./quantity.ts";
import { bold, red } from "./terminal.ts";

/** What ended it, and what to do about it. */
interface Trouble {
  readonly message: string;
  readonly hint: string;
}

/** As `--json` prints it. */
export interface ReplayReport {
  readonly version: 1;
  /** All that was selected is there now; of a dry run, that it could be selected. */
  readonly ok: boolean;
  /** Neither broken off nor ended by a trouble. */
  readonly complete: boolean;
  readonly dry_run: boolean;
  readonly channel: string;
  readonly sink: string;
  readonly subject: string | null;
  /** `null` over core NATS. */
  readonly stream: string | null;
  readonly selected: SelectedReport;
  readonly replayed: number;
  /** Of these, copies that an earlier replay had brought there. */
  readonly already_there: number;
  readonly unreadable: readonly SequenceRange[];
  /** Deleted from the journal after they were selected. */
  readonly not_kept: readonly SequenceRange[];
  readonly too_large: readonly SequenceRange[];
  /** The record to go on with, where it is not complete. */
  readonly next_sequence: number | null;
  readonly trouble: Trouble | null;
}

export interface SelectedReport {
  readonly records: number;
  readonly bytes: number;
  readonly first_sequence: number | null;
  readonly last_sequence: number | null;
  readonly first_time: string | null;
  readonly last_time: string | null;
}

export interface ReplayFacts {
  readonly channel: string;
  readonly sink: string;
  readonly subject: string | null;
  readonly stream: string | null;
  readonly selection: KeptSelection;
  /** `null` where nothing was to be published. */
  readonly replay: Replay | null;
  readonly isDryRun: boolean;
  readonly trouble: Trouble | null;
  /** Aborted when it was broken off. */
  readonly signal: AbortSignal;
}

export function reportReplay(facts: ReplayFacts): ReplayReport {
  const { replay, selection: { records, bytes, first, last }, trouble: found, signal } = facts;
  const trouble = found === null ? null : { message: found.message, hint: found.hint };
  const complete = trouble === null && !signal.aborted;
  const { unreadable = [], gone = [], rejected = [], replayed = 0, duplicates = 0 } = replay ?? {};
  return {
    version: 1,
    ok: complete && unreadable.length + gone.length + rejected.length === 0,
    complete,
    dry_run: facts.isDryRun,
    channel: facts.channel,
    sink: facts.sink,
    subject: facts.subject,
    stream: facts.stream,
    selected: {
      records,
      bytes,
      first_sequence: first?.sequence ?? null,
      last_sequence: last?.sequence ?? null,
      first_time: timeOf(first?.timeMs),
      last_time: timeOf(last?.timeMs),
    },
    replayed,
    already_there: duplicates,
    unreadable,
    not_kept: gone,
    too_large: rejected,
    next_sequence: complete ? null : replay?.next ?? first?.sequence ?? null,
    trouble,
  };
}

/** `200 records, 22.0 kB: 1–200, of 2025-12-03 15:04:05.123 to 2025-12-03 16:00:00.000 UTC` */
export function selectionText({ records, bytes, first, last }: KeptSelection): string {
  const size = `${counted(records, "record")}, ${bytesText(bytes)}`;
  if (first === null || last === null) return size;
  const times = `of ${timeOf(first.timeMs) ?? "?"} to ${timeOf(last.timeMs) ?? "?"} UTC`;
  return `${size}: ${rangeText({ from: first.sequence, to: last.sequence })}, ${times}`;
}

/** A line that counts, and one for each kind of record that could not be replayed. */
export function replayLines(report: ReplayReport, inColor: boolean): string[] {
  const { channel, sink, subject, stream, replayed, already_there: there } = report;
  if (report.selected.records === 0) return ["nothing was published"];
  const by = stream === null ? "over core NATS" : `stream ${stream}`;
  const title = bold(`${channel} → ${sink}, ${subject}, ${by}`, inColor);
  const before = there === 0 ? "" : `; ${there} of them were there from an earlier replay`;
  const problems = [
    [report.unreadable, "unreadable in the journal"],
    [report.not_kept, "deleted from the journal meanwhile"],
    [report.too_large, "larger than the server or the stream takes"],
  ] as const;
  return [
    `${title}: ${counted(replayed, "record")} replayed${before}`,
    ...problems.filter(([ranges]) => ranges.length > 0).map(([ranges, what]) =>
      `  ${red(what, inColor)}: ${rangesText(ranges)}`
    ),
  ];
}

/** `records 3, 7–9` */
function rangesText(ranges: readonly SequenceRange[]): string {
  const most = 20;
  const shown = ranges.slice(0, most).map(rangeText).join(", ");
  const more = ranges.length > most ? ` and ${ranges.length - most} more` : "";
  return `records ${shown}${more}`;
}

function rangeText({ from, to }: SequenceRange): string {
  return from === to ? `${from}` : `${from}–${to}`;
}

function timeOf(timeMs: number | null | undefined): string | null {
  return timeMs === null || timeMs === undefined ? null : timeText(timeMs);
}
