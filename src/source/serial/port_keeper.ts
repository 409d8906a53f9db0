// Opens ports and closes them where somebody holds them open while the service is started anew:
// systemd, which lets them go when it stops for good. The kernel goes on collecting what the line
// says meanwhile.

import type { Libc } from "../../platform/libc.ts";
import type { LineSettings } from "./line_settings.ts";
import { SerialPort } from "./serial_port.ts";

export interface PortKeeper {
  /** The service is about to end: what is kept stays open. */
  readonly isEnding: boolean;
  has(device: string): boolean;
  /** The descriptor of the device that was kept, if there is one; it is the caller's then. */
  take(device: string): number | null;
  keep(device: string, fd: number): void;
  forget(device: string): void;
}

export interface KeptDevice {
  readonly libc: Libc;
  readonly device: string;
  /** @default {nobody} */
  readonly keeper?: PortKeeper | undefined;
}

/** The port as it was kept open, or opened by its name. Throws as `SerialPort.open`. */
export function openPort({ libc, device, keeper }: KeptDevice, settings: LineSettings): SerialPort {
  const fd = keeper?.take(device) ?? null;
  const kept = fd === null ? null : adopted(libc, fd, device, settings);
  const port = kept ?? SerialPort.open(libc, device, settings);
  keeper?.keep(device, port.fd);
  return port;
}

/** What has become of it: it was closed, or somebody holds it open for the next run. */
export function closePort({ device, keeper }: KeptDevice, port: SerialPort): "closed" | "kept" {
  if (keeper?.isEnding) {
    port.leave();
    return "kept";
  }
  keeper?.forget(device);
  port.close();
  return "closed";
}

/** `null` when the device is gone. */
function adopted(
  libc: Libc,
  fd: number,
  device: string,
  settings: LineSettings,
): SerialPort | null {
  try {
    return SerialPort.adopt(libc, fd, device, settings);
  } catch {
    // Opened by its name it tells what is wrong.
    return null;
  }
}
