// What a serial driver counts: characters, damaged ones, characters that were lost, changes of the
// modem lines. Overruns show nowhere else. Layout from the kernel's uapi/linux/serial.h, `struct
// serial_icounter_struct`.

import { type Libc } from "../../platform/libc.ts";
import { SystemError } from "../../platform/system_error.ts";

const TIOCGICOUNT = 0x545d;
const counterBytes = 80;

/** In the order in which they stand in the structure, four bytes each. */
const names = [
  "cts",
  "dsr",
  "ri",
  "dcd",
  "received",
  "sent",
  "framing",
  "overrun",
  "parity",
  "breaks",
  "bufferOverrun",
] as const;

/**
 * Counted since the driver found the port. A re-open does not reset them, a USB adapter plugged in
 * anew does. They count to 2^32 and begin again.
 */
export interface LineCounters {
  /**
   * How often each modem line changed; RI only when it fell. The driver of 8250 UARTs counts them
   * only while flow control is on: it asks for the interrupt when CRTSCTS is set or CLOCAL is not.
   */
  readonly cts: number;
  readonly dsr: number;
  readonly ri: number;
  readonly dcd: number;
  /** Characters. */
  readonly received: number;
  readonly sent: number;
  /** Characters that arrived without their stop bit. */
  readonly framing: number;
  /** How often characters were lost because the UART's own buffer was full. */
  readonly overrun: number;
  /** Characters that arrived with a wrong parity bit. */
  readonly parity: number;
  readonly breaks: number;
  /** How often characters were lost because the kernel's buffer was full. */
  readonly bufferOverrun: number;
}

/** The structure that TIOCGICOUNT fills. */
export function decodeCounters(bytes: Uint8Array): LineCounters {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return mapCounters((name) => view.getUint32(names.indexOf(name) * 4, true));
}

/** `null` when the driver counts nothing (pseudo-terminals), and when the device is gone. */
export function readCounters(libc: Libc, fd: number): LineCounters | null {
  const bytes = new Uint8Array(counterBytes);
  try {
    libc.ioctl(fd, TIOCGICOUNT, bytes);
  } catch (error) {
    if (error instanceof SystemError) return null;
    throw error;
  }
  return decodeCounters(bytes);
}

/**
 * What was counted between two readings. Less than 2^31 can have been counted in between, so a
 * counter that seems to have grown by more went back: the driver began anew, all that it has counted
 * is new, whichever counter gave it away.
 */
export function countedSince(before: LineCounters, now: LineCounters): LineCounters {
  const grown = mapCounters((name) => (now[name] - before[name]) >>> 0);
  return names.some((name) => grown[name] >= 2 ** 31) ? now : grown;
}

function mapCounters(value: (name: keyof LineCounters) => number): LineCounters {
  return {
    cts: value("cts"),
    dsr: value("dsr"),
    ri: value("ri"),
    dcd: value("dcd"),
    received: value("received"),
    sent: value("sent"),
    framing: value("framing"),
    overrun: value("overrun"),
    parity: value("parity"),
    breaks: value("breaks"),
    bufferOverrun: value("bufferOverrun"),
  };
}
