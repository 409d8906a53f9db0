// Compares the journals of all channels with what one sink has of them. Reads only: of the sink's
// cursors, of the journals and of the stream.
//
// Nothing that goes on meanwhile is mistaken for a finding: the cursors are read first, then the
// stream's end, then the stream up to there. So what a cursor has passed must be found, and what is
// found was in the journal before.

import {
  jetstream,
  type JetStreamManager,
  jetstreamManager,
  type StreamConfig,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { KeptJournal } from "../journal/kept_journal.ts";
import { KeptRecords } from "../journal/kept_records.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disk } from "../platform/disk.ts";
import type { RecordHeader } from "../record.ts";
import { ChannelAudit } from "./channel_audit.ts";
import { CursorFile } from "./cursor.ts";
import { cursorPath, type Destination } from "./destinations.ts";
import { isOfJournal } from "./reconcile.ts";
import { dialAny } from "./dial.ts";
import { Identity } from "./identity.ts";
import { parseMessageId, replayHeader } from "./message.ts";
import { streamMessages } from "./stream_messages.ts";
import { ensureStream } from "./streams.ts";

/** A channel to be compared. */
export interface AuditedChannel {
  readonly journal: KeptJournal;
  readonly recordHeader: RecordHeader;
  readonly subject: string;
}

/** How far the reading of a stream has come. */
export interface AuditProgress {
  readonly stream: string;
  readonly subject: string;
  /** Of messages, read so far. */
  readonly bytes: number;
  /** From 0 to 1. */
  readonly share: number;
}

export interface StreamAuditOptions {
  readonly destination: Destination;
  readonly channels: readonly AuditedChannel[];
  readonly statePath: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly progress: (progress: AuditProgress) => void;
  /** Breaks it off. */
  readonly signal: AbortSignal;
}

/** What came of one channel. */
export interface AuditedStream {
  readonly stream: string;
  readonly subject: string;
  readonly audit: ChannelAudit;
  /** Copies that were replayed onto the subject: no findings. */
  readonly replayed: number;
}

const apiTimeoutMs = 5000;

/** Messages of the usual size come fast enough with these, and large ones do not fill the memory. */
const maxMessages = 500;

/**
 * All channels of one sink, as far as it came when it is broken off.
 * @throws {SessionEnd} when the server cannot be reached @throws {NoStream} @throws {Error}
 */
export async function auditSink(options: StreamAuditOptions): Promise<AuditedStream[]> {
  const { destination, channels, clock, signal } = options;
  const identity = new Identity({ destination, clock, report: () => {} });
  const [connection] = await dialAny(await identity.servers(), signal);
  try {
    const audited: AuditedStream[] = [];
    for (const [subject, group] of Map.groupBy(channels, (each) => each.subject)) {
      if (!signal.aborted) audited.push(...await auditSubject(connection, subject, group, options));
    }
    return audited;
  } finally {
    await connection.close();
  }
}

async function auditSubject(
  connection: NatsConnection,
  subject: string,
  channels: readonly AuditedChannel[],
  { destination, statePath, disk, clock, progress, signal }: StreamAuditOptions,
): Promise<AuditedStream[]> {
  const api = { timeout: apiTimeoutMs };
  const manager = await jetstreamManager(connection, { ...api, checkAPI: false });
  const stream = await ensureStream(manager, subject, null);
  await using readers = new AsyncDisposableStack();
  for (const { journal } of channels) journal.look();
  const cursors = readCursors(disk, cursorPath(statePath, destination.name));
  const audits = channels.map(({ journal, recordHeader }) => {
    const records = readers.use(new KeptRecords(journal, clock));
    const deliveredNext = deliveredBefore(cursors, journal);
    return new ChannelAudit({ journal, records, recordHeader, deliveredNext, clock });
  });
  const { state: { first_seq: from, last_seq: to } } = await manager.streams.info(stream);
  let bytes = 0;
  const replayed = new Map<string, number>();
  const client = jetstream(connection, api);
  const section = { client, manager, stream, subject, from, to, signal };
  for await (const message of streamMessages({ ...section, headersOnly: false, maxMessages })) {
    const { seq, data, headers, time } = message;
    const read = {
      streamSequence: seq,
      header: (name: string): string => headers?.get(name) ?? "",
      payload: data,
      storedMs: time.getTime(),
    };
    const copied = parseMessageId(read.header(replayHeader))?.channel;
    if (copied !== undefined) replayed.set(copied, (replayed.get(copied) ?? 0) + 1);
    else {
      for (const audit of audits) {
        if (await audit.take(read)) break;
      }
    }
    bytes += data.length;
    progress({ stream, subject, bytes, share: (seq - from + 1) / (to - from + 1) });
  }
  if (!signal.aborted) {
    const droppedBefore = await droppedFrom(manager, stream);
    const maxPayload = connection.info?.max_payload ?? Infinity;
    for (const audit of audits) await audit.end({ droppedBefore, maxPayload }, signal);
  }
  return audits.map((audit) => ({
    stream,
    subject,
    audit,
    replayed: replayed.get(audit.channel) ?? 0,
  }));
}

/** @throws {Error} when the file is there and cannot be read: nothing would count as delivered */
export function readCursors(disk: Disk, path: string): CursorFile {
  if (disk.size(path) !== null) disk.read(path).close();
  return new CursorFile(disk, path);
}

/** First sequence that the sink still needs; 1 when it speaks of another journal or is not known. */
export function deliveredBefore(cursors: CursorFile, journal: KeptJournal): number {
  const cursor = cursors.get(journal.name);
  if (cursor === undefined) return 1;
  // Records that were delivered from memory may be on no disk yet.
  const next = Math.min(cursor.next, journal.lastSequence + 1);
  return isOfJournal({ ...cursor, next }, journal) ? cursor.next : 1;
}

/** Before which stream sequence the stream's own limits may have taken messages away; 0 without limits. */
async function droppedFrom(manager: JetStreamManager, stream: string): Promise<number> {
  const { config, state } = await manager.streams.info(stream);
  if (!dropsMessages(config)) return 0;
  const mayDropAnywhere = config.max_msgs_per_subject > 0 || config.retention !== "limits";
  return mayDropAnywhere ? state.last_seq + 1 : state.first_seq;
}

function dropsMessages(config: StreamConfig): boolean {
  const { max_age, max_msgs, max_bytes, max_msgs_per_subject, retention } = config;
  return max_age > 0 || max_msgs > 0 || max_bytes > 0 || max_msgs_per_subject > 0 ||
    retention !== "limits";
}
