// Puts the stages of a serial port together, from its configuration.

import type { Config, EnabledPort } from "../config/config.ts";
import { LineFramer } from "../framer/line_framer.ts";
import { Journal } from "../journal/journal.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disk } from "../platform/disk.ts";
import type { Libc } from "../platform/libc.ts";
import { errorText, type Report } from "../platform/notice.ts";
import { channelName } from "../record.ts";
import { LineMemory } from "../source/serial/line_memory.ts";
import type { PollLoop } from "../source/serial/poll_loop.ts";
import { SerialSource } from "../source/serial/serial_source.ts";
import { Channel } from "./channel.ts";

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
  readonly report: Report;
}

const bytesPerMb = 1024 * 1024;

/** Opens the port's journal and builds its channel, which is not started yet. */
export async function openSerialChannel(
  port: SerialPortConfig,
  context: ChannelContext,
): Promise<Channel> {
  const { config, libc, loop, disk, clock, boot, report } = context;
  const { logging, recovery } = config;
  const statePath = config.journal.state_path;
  const id = { fips: port.fips_code, side: port.side_designation };
  const name = channelName(id);
  const journal = await Journal.open({
    channel: id,
    folder: logging.base_path,
    statePath: `${statePath}/${name}.journal.json`,
    boot,
    maxSegmentBytes: logging.max_size_mb * bytesPerMb,
    maxBackups: logging.max_backups,
    compress: logging.compress,
    holders: context.sinkNames,
    sync: config.journal.sync,
    disk,
    clock,
    report,
  });
  const memory = new LineMemory({
    disk,
    path: `${statePath}/${name}.line.json`,
    device: port.device,
  });
  const source = new SerialSource({
    device: port.device,
    wanted: {
      baudRate: port.baud_rate === 0 ? "detect" : port.baud_rate,
      dataBits: port.data_bits,
      parity: port.parity,
      stopBits: port.stop_bits,
      flowControl: port.use_flow_control ?? "detect",
    },
    remembered: memory.recall(),
    backoff: {
      initialMs: recovery.reconnect_delay_sec * 1000,
      maxMs: recovery.max_reconnect_delay_sec * 1000,
      exponential: recovery.exponential_backoff,
    },
    libc,
    loop,
    clock,
  });
  return new Channel({
    journal,
    source,
    framer: new LineFramer({ position: journal.position }),
    clock,
    idleFlushMs: port.idle_flush_ms,
    report,
    firstRecord: () => {
      if (source.settings === undefined) return;
      memory.remember(source.settings).catch((error) => {
        const message = `${name}: remember line settings: ${errorText(error)}`;
        report({ level: "warning", kind: "state_not_saved", message });
      });
    },
  });
}
