// Puts the stages of a serial port together, from its configuration.

import type { Config, EnabledPort } from "../config/config.ts";
import { framerFor, hasFeedsInside } from "../framer/framer_for.ts";
import { Journal } from "../journal/journal.ts";
import type { SpaceGate } from "../journal/journal_options.ts";
import type { SpaceStatus } from "../journal/space/space_status.ts";
import type { TailBudget } from "../journal/tail_budget.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disk } from "../platform/disk.ts";
import { LastingMemory } from "../platform/lasting_memory.ts";
import type { Libc } from "../platform/libc.ts";
import { errorText, type Report } from "../platform/notice.ts";
import { channelName, RecordHeader } from "../record.ts";
import type { WantedSettings } from "../source/serial/line_settings.ts";
import { LineMemory } from "../source/serial/line_memory.ts";
import type { PollLoop } from "../source/serial/poll_loop.ts";
import { SerialSource } from "../source/serial/serial_source.ts";
import { CatchBuffer, catchBufferBytes, type Caught } from "./catch_buffer.ts";
import { Channel } from "./channel.ts";
import { RawCapture } from "./raw/raw_capture.ts";
import { systemRawDisk } from "./raw/raw_disk.ts";
import { LearnedSilence } from "./learned_silence.ts";
import type { Silence } from "./silence.ts";
import { SilenceWatch } from "./silence_watch.ts";
import { TrafficMemory } from "./traffic_memory.ts";

export type SerialPortConfig = Extract<EnabledPort, { type: "serial" }>;

/** What all channels of a collector share. */
export interface ChannelContext {
  readonly config: Config;
  /** Names of the sinks that need the records. */
  readonly sinkNames: readonly string[];
  readonly libc: Libc;
  readonly loop: PollLoop;
  readonly disk: Disk;
  readonly clock: Clock;
  /** Identity of the machine's present run. */
  readonly boot: string;
  /** Beginning of the names of files on a memory file system; the channel's name is added. */
  readonly lastingPrefix: string;
  /** Folder on a memory file system, for records that the disk does not take. */
  readonly tailFolder: string;
  readonly tailBudget: TailBudget;
  readonly maxSegmentBytes: number;
  readonly space: SpaceGate & { readonly status: Pick<SpaceStatus, "belowFloor"> };
  readonly report: Report;
}

/** A channel that is built and not started, and what its last run had read and perhaps not kept. */
export interface OpenedChannel {
  readonly channel: Channel;
  readonly caught: Caught | null;
  /** To be stopped after the channel. */
  readonly rawCapture: RawCapture | undefined;
  /** To be removed after the channel has stopped. */
  readonly memory: LastingMemory;
}

/** Opens the port's journal and builds its channel. */
export async function openSerialChannel(
  port: SerialPortConfig,
  shared: ChannelContext,
): Promise<OpenedChannel> {
  const context = { ...shared, report: reportFor(port, shared.report) };
  const { config, libc, loop, disk, clock, boot, report } = context;
  const { logging, recovery } = config;
  const statePath = config.journal.state_path;
  const id = { fips: port.fips_code, side: port.side_designation };
  const name = channelName(id);
  const memory = new LastingMemory(libc, `${context.lastingPrefix}${name}`, catchBufferBytes);
  const catchBuffer = new CatchBuffer(memory.bytes);
  const caught = catchBuffer.left;
  const journal = await Journal.open({
    name,
    recordHeader: new RecordHeader(id),
    folder: logging.base_path,
    tailFolder: context.tailFolder,
    tailBudget: context.tailBudget,
    space: context.space,
    statePath: `${statePath}/${name}.journal.json`,
    boot,
    maxSegmentBytes: context.maxSegmentBytes,
    maxBackups: logging.max_backups,
    compress: logging.compress,
    holders: context.sinkNames,
    sync: config.journal.sync,
    feedsInside: hasFeedsInside(port.framing),
    cutBackTo: caught?.place,
    disk,
    clock,
    report,
  });
  const lineMemory = new LineMemory({
    disk,
    path: `${statePath}/${name}.line.json`,
    device: port.device,
  });
  const rawCapture = rawCaptureOf(port, name, context);
  const source = new SerialSource({
    device: port.device,
    tap: rawCapture,
    wanted: {
      baudRate: port.baud_rate === 0 ? "detect" : port.baud_rate,
      frame: wantedFrame(port),
      flowControl: port.use_flow_control ?? "detect",
    },
    remembered: lineMemory.recall(),
    detection: {
      baudRates: config.detection.baud_rates,
      minBytes: config.detection.min_bytes_for_valid,
    },
    backoff: {
      initialMs: recovery.reconnect_delay_sec * 1000,
      maxMs: recovery.max_reconnect_delay_sec * 1000,
      exponential: recovery.exponential_backoff,
    },
    libc,
    loop,
    clock,
    report: (notice) => report({ ...notice, message: `${name}: ${notice.message}` }),
  });
  const channel = new Channel({
    journal,
    source,
    catchBuffer,
    framer: framerFor(port.framing, journal.position),
    clock,
    idleFlushMs: port.idle_flush_ms,
    silence: silenceFor(port, name, context),
    report,
    firstRecord: () => {
      if (source.settings === undefined) return;
      lineMemory.remember(source.settings).catch((error) => {
        const message = `${name}: remember line settings: ${errorText(error)}`;
        report({ level: "warning", kind: "state_not_saved", message });
      });
    },
  });
  return { channel, caught, rawCapture, memory };
}

/** Says of each notice which port it is about. */
function reportFor(port: SerialPortConfig, report: Report): Report {
  const channel = channelName({ fips: port.fips_code, side: port.side_designation });
  return (notice) => report({ channel, device: port.device, ...notice });
}

function rawCaptureOf(
  { raw_capture: wanted, device }: SerialPortConfig,
  channel: string,
  { config, space, clock, report }: ChannelContext,
): RawCapture | undefined {
  if (wanted === undefined) return undefined;
  return new RawCapture({
    channel,
    device,
    folder: `${config.logging.base_path}/raw`,
    maxBytes: wanted.max_mb * 2 ** 20,
    isBelowFloor: () => space.status.belowFloor,
    disk: systemRawDisk,
    clock,
    report,
  });
}

/** Who tells that the port is silent, if anybody is to. */
function silenceFor(
  { silence_alarm_sec: limit }: SerialPortConfig,
  name: string,
  { config, disk, clock, report }: ChannelContext,
): Silence | undefined {
  if (limit === undefined) return undefined;
  if (limit !== "learned") return new SilenceWatch({ name, limitMs: limit * 1000, clock, report });
  const path = `${config.journal.state_path}/${name}.traffic.json`;
  const memory = new TrafficMemory({ disk, path });
  return new LearnedSilence({ name, memory, clock, report });
}

/**
 * The frame that the configuration sets. Where the speed is to be found, 8N1 says nothing: it is the
 * default, and the original wrote it into every file.
 */
function wantedFrame(port: SerialPortConfig): WantedSettings["frame"] {
  const { baud_rate, data_bits: dataBits, parity, stop_bits: stopBits } = port;
  const isUsual = dataBits === 8 && parity === "none" && stopBits === 1;
  return baud_rate === 0 && isUsual ? "detect" : { dataBits, parity, stopBits };
}
