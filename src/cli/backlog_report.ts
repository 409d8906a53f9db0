// What waits for the sinks, for programs and for people.

import { type BacklogLook, type BacklogPace, paceBetween } from "../delivery/backlog.ts";
import { counted } from "./counted.ts";
import { bytesText, durationText, timeText } from "./quantity.ts";
import { bold } from "./terminal.ts";

/** As `--json` prints it. */
export interface BacklogReport {
  readonly version: 1;
  /** When it was looked, UTC. */
  readonly time: string;
  readonly records: number;
  readonly bytes: number;
  readonly backlogs: readonly ChannelBacklog[];
}

export interface ChannelBacklog {
  readonly channel: string;
  readonly sink: string;
  readonly records: number;
  readonly bytes: number;
  /** First sequence that waits, or will be given out next. */
  readonly next_sequence: number;
  /** When the oldest record that waits was captured, UTC. */
  readonly oldest_time: string | null;
  readonly oldest_age_ms: number | null;
  /** Records a second; `null` where only one look was taken. */
  readonly delivered_per_second: number | null;
  readonly captured_per_second: number | null;
  /** `null` where it cannot be told, or does not come to that. */
  readonly drained_in_ms: number | null;
}

/** `before` are looks at the same channels and sinks, if there were any. */
export function reportBacklog(
  looks: readonly BacklogLook[],
  before: readonly BacklogLook[],
  nowMs: number,
): BacklogReport {
  const backlogs = looks.map((look, i) => {
    const former = before[i];
    const pace = former === undefined ? null : paceBetween(former, look);
    return channelBacklog(look, pace, nowMs);
  });
  return {
    version: 1,
    time: new Date(nowMs).toISOString(),
    records: backlogs.reduce((sum, { records }) => sum + records, 0),
    bytes: backlogs.reduce((sum, { bytes }) => sum + bytes, 0),
    backlogs,
  };
}

/** A line a channel and sink, and one that sums up. */
export function backlogLines(
  { backlogs, records, bytes }: BacklogReport,
  inColor: boolean,
): string[] {
  const waits = records === 0
    ? "nothing waits"
    : `${counted(records, "record")} wait, ${bytesText(bytes)}`;
  return [
    ...backlogs.map((backlog) => {
      const title = `${backlog.channel} → ${backlog.sink}`;
      return `${bold(title, inColor)}  ${waitingText(backlog)}`;
    }),
    "",
    waits,
  ];
}

function channelBacklog(
  { channel, sink, records, bytes, next, oldestMs }: BacklogLook,
  pace: BacklogPace | null,
  nowMs: number,
): ChannelBacklog {
  const drainedInMs = pace?.drainedInMs ?? null;
  return {
    channel,
    sink,
    records,
    bytes,
    next_sequence: next,
    oldest_time: oldestMs === null ? null : new Date(oldestMs).toISOString(),
    oldest_age_ms: oldestMs === null ? null : Math.max(0, nowMs - oldestMs),
    delivered_per_second: pace === null ? null : oneDecimal(pace.delivered),
    captured_per_second: pace === null ? null : oneDecimal(pace.captured),
    drained_in_ms: drainedInMs === null ? null : Math.round(drainedInMs),
  };
}

function waitingText(backlog: ChannelBacklog): string {
  const { records, bytes, oldest_time: oldest, oldest_age_ms: age } = backlog;
  if (records === 0) return "nothing waits";
  const since = oldest === null || age === null
    ? []
    : [`the oldest of ${timeText(Date.parse(oldest))}, ${durationText(age)} ago`];
  return [
    `${counted(records, "record")}, ${bytesText(bytes)}`,
    ...since,
    ...paceText(backlog),
  ].join("; ");
}

function paceText(backlog: ChannelBacklog): string[] {
  const { delivered_per_second: delivered, captured_per_second: captured } = backlog;
  if (delivered === null || captured === null) return [];
  if (delivered === 0) return ["nothing is delivered now: the service's log says why"];
  const pace = `${delivered} records/s delivered, ${captured} captured`;
  const { drained_in_ms: drainedMs } = backlog;
  if (drainedMs === null) return [pace, "it grows, or stays as it is"];
  return [pace, `drained in ${durationText(drainedMs)}`];
}

function oneDecimal(value: number): number {
  return Math.round(value * 10) / 10;
}
