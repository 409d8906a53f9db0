// What `nectarcollector verify` has found, for programs and for people.

import { type Finding, type FindingKind, findingKinds } from "../delivery/audit_findings.ts";
import type { ChannelAudit } from "../delivery/channel_audit.ts";
import type { AuditedStream } from "../delivery/stream_audit.ts";
import { counted } from "./counted.ts";
import { timeText } from "./quantity.ts";
import { bold, red } from "./terminal.ts";

/** As `--json` prints it. */
export interface VerifyReport {
  readonly version: 1;
  /** All was compared, and nothing was found. */
  readonly ok: boolean;
  /** Not broken off, and every sink could be compared. */
  readonly complete: boolean;
  readonly findings: number;
  readonly sinks: readonly SinkReport[];
}

export interface SinkReport {
  readonly name: string;
  readonly trouble: { readonly message: string; readonly hint: string } | null;
  readonly channels: readonly ChannelReport[];
}

export interface ChannelReport {
  readonly channel: string;
  readonly stream: string;
  readonly subject: string;
  /** First sequence that the journal still holds. */
  readonly from: number;
  readonly compared: number;
  readonly findings: Readonly<Record<FindingKind, number>>;
  /** Messages from before `from`. */
  readonly older_in_stream: number;
  /** Records that the stream's limits have dropped. */
  readonly dropped_by_stream: number;
  readonly not_yet_delivered: number;
  /** Copies that were replayed onto the records' own subject. */
  readonly replayed: number;
  readonly first_findings: readonly FindingReport[];
}

export interface FindingReport {
  readonly kind: FindingKind;
  readonly sequence: number | null;
  readonly id: string | null;
  readonly time: string | null;
  readonly stream_sequence: number | null;
  readonly what: string;
}

const mostListed = 20;

const kindNames: Readonly<Record<FindingKind, string>> = {
  missing: "missing",
  duplicate: "duplicate",
  out_of_order: "out of order",
  different: "different",
  not_in_journal: "not in the journal",
  unreadable: "unreadable in the journal",
};

export function reportVerify(sinks: readonly SinkReport[], isBrokenOff: boolean): VerifyReport {
  const findings = sinks.flatMap(({ channels }) => channels)
    .reduce((sum, channel) => sum + findingCount(channel), 0);
  const complete = !isBrokenOff && sinks.every(({ trouble }) => trouble === null);
  return { version: 1, ok: complete && findings === 0, complete, findings, sinks };
}

export function reportChannel({ audit, stream, subject, replayed }: AuditedStream): ChannelReport {
  return {
    channel: audit.channel,
    stream,
    subject,
    from: audit.from,
    compared: audit.compared,
    findings: countsOf(audit),
    older_in_stream: audit.older,
    dropped_by_stream: audit.dropped,
    not_yet_delivered: audit.waiting,
    replayed,
    first_findings: audit.findings.first.map(reportFinding),
  };
}

/** A line a channel, the first findings of each, and a line that counts. */
export function verifyLines(report: VerifyReport, inColor: boolean): string[] {
  const { sinks, findings, complete } = report;
  const isNothing = sinks.every(({ channels }) => channels.length === 0);
  const end = findings > 0 ? red(counted(findings, "finding"), inColor) : "nothing found";
  const partly = isNothing ? "nothing was compared" : `${end}; not all was compared`;
  return [
    ...sinks.flatMap((sink) => [
      ...sink.channels.map((channel) => channelLine(sink.name, channel, inColor)),
      ...sink.trouble === null ? [] : [`${sink.name}  ${red("not compared", inColor)}`],
    ]),
    ...sinks.flatMap((sink) => sink.channels.flatMap((channel) => findingLines(sink, channel))),
    "",
    complete ? end : partly,
  ];
}

function channelLine(sink: string, channel: ChannelReport, inColor: boolean): string {
  const { from, compared, older_in_stream, dropped_by_stream, not_yet_delivered, replayed } =
    channel;
  const found = findingKinds.filter((kind) => channel.findings[kind] > 0)
    .map((kind) => `${channel.findings[kind]} ${kindNames[kind]}`);
  const parts = [
    `${counted(compared, "record")} compared, from ${from} on`,
    found.length === 0 ? "all well" : red(found.join(", "), inColor),
    ...not_yet_delivered > 0 ? [`${not_yet_delivered} not yet delivered`] : [],
    ...older_in_stream > 0 ? [`${counted(older_in_stream, "message")} older than the journal`] : [],
    ...dropped_by_stream > 0 ? [`${dropped_by_stream} no more in the stream, by its limits`] : [],
    ...replayed > 0 ? [`${counted(replayed, "message")} replayed onto it`] : [],
  ];
  const title = `${channel.channel} → ${sink}, stream ${channel.stream}`;
  return `${bold(title, inColor)}: ${parts.join("; ")}`;
}

function findingLines(sink: SinkReport, channel: ChannelReport): string[] {
  const { first_findings: first } = channel;
  if (first.length === 0) return [];
  const shown = first.slice(0, mostListed);
  const more = findingCount(channel) - shown.length;
  return [
    "",
    `${channel.channel} → ${sink.name}, ${more > 0 ? "the first findings" : "findings"}:`,
    ...shown.map(({ kind, sequence, id, time, what, stream_sequence: at }) =>
      [
        `  ${kindNames[kind]}:`,
        ...sequence === null ? [] : [`record ${sequence}`],
        ...time === null ? [] : [`of ${time}`],
        `${what}${at === null ? "" : ` (message ${at} of the stream)`}`,
        ...id === null ? [] : [`[${id}]`],
      ].join("  ")
    ),
    ...more > 0 ? [`  and ${more} more`] : [],
  ];
}

function reportFinding(finding: Finding): FindingReport {
  const { kind, sequence, id, timeMs, streamSequence, what } = finding;
  return {
    kind,
    sequence: sequence > 0 ? sequence : null,
    id: id === "" ? null : id,
    time: timeMs > 0 ? timeText(timeMs) : null,
    stream_sequence: streamSequence,
    what,
  };
}

function countsOf({ findings }: ChannelAudit): Record<FindingKind, number> {
  return {
    missing: findings.count("missing"),
    duplicate: findings.count("duplicate"),
    out_of_order: findings.count("out_of_order"),
    different: findings.count("different"),
    not_in_journal: findings.count("not_in_journal"),
    unreadable: findings.count("unreadable"),
  };
}

function findingCount({ findings }: ChannelReport): number {
  return findingKinds.reduce((sum, kind) => sum + findings[kind], 0);
}
