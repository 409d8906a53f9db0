// What the channel of any port needs, from its configuration: who is told, the journal, who tells of
// silence, and for ports that bring bytes the memory in which these survive a kill.

import type { EnabledPort } from "../config/config.ts";
import { hasFeedsInside } from "../framer/framer_for.ts";
import { Journal } from "../journal/journal.ts";
import type { Report } from "../platform/notice.ts";
import { channelName, RecordHeader } from "../record.ts";
import { CatchBuffer, type Caught } from "./catch_buffer.ts";
import type { CatchMemories } from "./catch_memories.ts";
import type { ChannelContext } from "./channel_context.ts";
import { recordAsRead } from "./caught_as_read.ts";
import { FaultGuard } from "./fault_guard.ts";
import { LearnedSilence } from "./learned_silence.ts";
import type { Silence } from "./silence.ts";
import { SilenceWatch } from "./silence_watch.ts";
import { TrafficMemory } from "./traffic_memory.ts";

export interface ChannelParts {
  /** `{fips}-{side}` */
  readonly name: string;
  readonly journal: Journal;
  /** Who tells that the port is silent, if anybody is to. */
  readonly silence: Silence | undefined;
  /** What timers run under that belong to the channel. */
  readonly guard: FaultGuard;
  /** Says of each notice which port it is about. */
  readonly report: Report;
}

export interface ByteChannelParts extends ChannelParts {
  readonly catchBuffer: CatchBuffer;
  /** What the last run had read and perhaps not kept. */
  readonly caught: Caught | null;
  /** Where the memory of the catch buffer belongs to. */
  readonly memories: CatchMemories;
}

/**
 * Opens what a port needs whose source brings whole records. `source` is what is read, for people: a
 * device, an address.
 */
export async function openParts(
  port: EnabledPort,
  source: string,
  context: ChannelContext,
): Promise<ChannelParts> {
  const name = nameOf(port);
  const report = reportFor(name, source, context);
  const journal = await openJournal(port, { ...context, report }, { feedsInside: true });
  const guard = new FaultGuard();
  const silence = silenceFor(port, { ...context, report }, guard);
  return { name, journal, silence, guard, report };
}

/** Opens what a port needs whose source brings bytes. */
export async function openByteParts(
  port: EnabledPort,
  source: string,
  context: ChannelContext,
): Promise<ByteChannelParts> {
  const name = nameOf(port);
  const report = reportFor(name, source, context);
  const { memories } = context;
  const catchBuffer = new CatchBuffer(memories.open(name));
  const left = catchBuffer.left;
  const journal = await openJournal(port, { ...context, report }, {
    feedsInside: hasFeedsInside(port.framing),
    cutBackTo: left?.place,
  });
  catchBuffer.moveTo(journal.place);
  const caught = context.asRead ? recordAsRead(left, { name, catchBuffer, journal, report }) : left;
  const guard = new FaultGuard();
  const silence = silenceFor(port, { ...context, report }, guard);
  return { name, journal, silence, guard, report, catchBuffer, caught, memories };
}

function nameOf({ fips_code: fips, side_designation: side }: EnabledPort): string {
  return channelName({ fips, side });
}

function reportFor(channel: string, device: string, { report }: ChannelContext): Report {
  return (notice) => report({ channel, device, ...notice });
}

async function openJournal(
  port: EnabledPort,
  context: ChannelContext,
  options: Pick<Parameters<typeof Journal.open>[0], "feedsInside" | "cutBackTo">,
): Promise<Journal> {
  const { config: { logging, journal } } = context;
  const name = nameOf(port);
  const opened = await Journal.open({
    ...context,
    ...options,
    name,
    recordHeader: new RecordHeader({ fips: port.fips_code, side: port.side_designation }),
    folder: logging.base_path,
    statePath: `${journal.state_path}/${name}.journal.json`,
    maxBackups: logging.max_backups,
    compress: logging.compress,
    holders: context.sinkNames,
    sync: journal.sync,
  });
  context.opened.defer(() => opened.abandon());
  return opened;
}

function silenceFor(
  port: EnabledPort,
  { config, disk, clock, report, opened }: ChannelContext,
  guard: FaultGuard,
): Silence | undefined {
  const name = nameOf(port);
  const { silence_alarm_sec: limit } = port;
  if (limit === undefined) return undefined;
  const path = `${config.journal.state_path}/${name}.traffic.json`;
  const silence = limit === "learned"
    ? new LearnedSilence({ name, memory: new TrafficMemory({ disk, path }), clock, guard, report })
    : new SilenceWatch({ name, limitMs: limit * 1000, clock, guard, report });
  opened.defer(() => silence.stop());
  return silence;
}
