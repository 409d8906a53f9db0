// The lines of a serial port that carry no data: what the equipment at the other end raises (CTS,
// DSR, DCD, RI), and what we raise for it (DTR, RTS). Numbers from the kernel's
// uapi/asm-generic/termios.h and ioctls.h.

import { type Libc } from "../../platform/libc.ts";
import { SystemError } from "../../platform/system_error.ts";

const TIOCMGET = 0x5415;
const TIOCMBIS = 0x5416;

const DTR = 0x002;
const RTS = 0x004;
const CTS = 0x020;
const DCD = 0x040;
const RI = 0x080;
const DSR = 0x100;

/** `unknown` where nobody can tell: never to be taken for `off`. */
export type LineLevel = "on" | "off" | "unknown";

/** What the equipment raises, as RS-232 names it. */
export interface ModemLines {
  /** Clear to send. */
  readonly cts: LineLevel;
  /** Data set ready. */
  readonly dsr: LineLevel;
  /** Data carrier detect. */
  readonly dcd: LineLevel;
  /** Ring indicator. */
  readonly ri: LineLevel;
}

export const unknownLines: ModemLines = {
  cts: "unknown",
  dsr: "unknown",
  dcd: "unknown",
  ri: "unknown",
};

/** The bits that TIOCMGET gives. */
export function decodeModemLines(bits: number): ModemLines {
  const level = (bit: number): LineLevel => (bits & bit) === 0 ? "off" : "on";
  return { cts: level(CTS), dsr: level(DSR), dcd: level(DCD), ri: level(RI) };
}

/**
 * The lines as they are now. Unknown when the driver has none (ENOTTY; before Linux 5.13, and from
 * some drivers, EINVAL or ENOIOCTLCMD: pseudo-terminals, plain USB adapters), when the adapter does
 * not answer, and when the device is gone, which reading from it tells.
 */
export function readModemLines(libc: Libc, fd: number): ModemLines {
  const bits = new Uint8Array(4);
  if (!answers(libc, fd, TIOCMGET, bits)) return unknownLines;
  return decodeModemLines(new DataView(bits.buffer).getUint32(0, true));
}

/**
 * Raises DTR and RTS: some equipment sends only while it sees them. Opening has raised them, unless
 * another program that has the port open took them back. False where the driver has no such lines.
 */
export function raiseDtrRts(libc: Libc, fd: number): boolean {
  const bits = new Uint8Array(4);
  new DataView(bits.buffer).setUint32(0, DTR | RTS, true);
  return answers(libc, fd, TIOCMBIS, bits);
}

/** As people read it: `CTS on, DSR on, DCD off, RI off`. */
export function formatModemLines({ cts, dsr, dcd, ri }: ModemLines): string {
  return `CTS ${cts}, DSR ${dsr}, DCD ${dcd}, RI ${ri}`;
}

function answers(
  libc: Libc,
  fd: number,
  request: number,
  argument: Uint8Array<ArrayBuffer>,
): boolean {
  try {
    libc.ioctl(fd, request, argument);
    return true;
  } catch (error) {
    if (error instanceof SystemError) return false;
    throw error;
  }
}
