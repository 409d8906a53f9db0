// Puts the stages of a serial port together, from its configuration.

import type { EnabledPort } from "../config/config.ts";
import { framerFor } from "../framer/framer_for.ts";
import { errorText } from "../platform/notice.ts";
import type { WantedSettings } from "../source/serial/line_settings.ts";
import { LineMemory } from "../source/serial/line_memory.ts";
import { SerialSource } from "../source/serial/serial_source.ts";
import { Channel } from "./channel.ts";
import { type ChannelContext, recoveryBackoff } from "./channel_context.ts";
import { openByteParts } from "./channel_parts.ts";
import { openedByteChannel, type OpenedChannel } from "./opened_channel.ts";
import type { FaultGuard } from "./fault_guard.ts";
import { RawCapture } from "./raw/raw_capture.ts";
import { systemRawDisk } from "./raw/raw_disk.ts";

export type SerialPortConfig = Extract<EnabledPort, { type: "serial" }>;

/** Opens the port's journal and builds its channel. */
export async function openSerialChannel(
  port: SerialPortConfig,
  context: ChannelContext,
): Promise<OpenedChannel> {
  const { config, libc, loop, disk, clock } = context;
  const parts = await openByteParts(port, port.device, context);
  const { name, journal, catchBuffer, silence, guard, report } = parts;
  const lineMemory = new LineMemory({
    disk,
    path: `${config.journal.state_path}/${name}.line.json`,
    device: port.device,
  });
  const rawCapture = rawCaptureOf(port, name, { ...context, guard, report });
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
    backoff: recoveryBackoff(config),
    ports: context.ports,
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
    silence,
    guard,
    report,
    firstRecord: () => {
      if (source.settings === undefined) return;
      lineMemory.remember(source.settings).catch((error) => {
        const message = `${name}: remember line settings: ${errorText(error)}`;
        report({ level: "warning", kind: "state_not_saved", message });
      });
    },
  });
  return openedByteChannel(channel, { ...parts, tap: rawCapture });
}

function rawCaptureOf(
  { raw_capture: wanted, device }: SerialPortConfig,
  channel: string,
  { config, space, clock, guard, report }: ChannelContext & { readonly guard: FaultGuard },
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
    guard,
    report,
  });
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
