// `struct termios2` of Linux (x86-64 and arm64) as bytes. Pure. Layout and numbers from the
// kernel's uapi/asm-generic/termbits.h and ioctls.h.

import type { LineSettings } from "./line_settings.ts";

export const TCGETS2 = 0x802c542a;
/** Applies at once and throws no waiting input away. */
export const TCSETS2 = 0x402c542b;
/** How many bytes wait in the raw read buffer. */
export const FIONREAD = 0x541b;
export const TIOCEXCL = 0x540c;
export const TIOCNXCL = 0x540d;

export const termiosBytes = 44;

const at = { iflag: 0, oflag: 4, cflag: 8, lflag: 12, vtime: 22, vmin: 23, ispeed: 36, ospeed: 40 };

const PARMRK = 8;
const INPCK = 0x10;

const BOTHER = 0x1000;
const CSTOPB = 0x40;
const CREAD = 0x80;
const PARENB = 0x100;
const PARODD = 0x200;
const HUPCL = 0x400;
const CLOCAL = 0x800;
const CMSPAR = 0x40000000;
const CRTSCTS = 0x80000000;

const sizes: Readonly<Record<LineSettings["dataBits"], number>> = {
  5: 0,
  6: 0x10,
  7: 0x20,
  8: 0x30,
};

const parities: Readonly<Record<LineSettings["parity"], number>> = {
  none: 0,
  even: PARENB,
  odd: PARENB | PARODD,
  space: PARENB | CMSPAR,
  mark: PARENB | PARODD | CMSPAR,
};

/**
 * Settings for capture: every byte as it arrives, damage and breaks marked (PARMRK, see
 * mark_decoder.ts), no echo, no signals, no carrier needed (CLOCAL), DTR left up at close (no HUPCL),
 * a read returns as soon as one byte is there. 1.5 stop bits are what a 16550 makes of two with five
 * data bits; with more data bits it sends two, and receives either.
 */
export function encodeTermios(settings: LineSettings): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(termiosBytes);
  const view = new DataView(bytes.buffer);
  const cflag = BOTHER | CREAD | CLOCAL | sizes[settings.dataBits] | parities[settings.parity] |
    (settings.stopBits === 1 ? 0 : CSTOPB) | (settings.flowControl ? CRTSCTS : 0);
  view.setUint32(at.iflag, PARMRK | INPCK, true);
  view.setUint32(at.cflag, cflag >>> 0, true);
  view.setUint8(at.vmin, 1);
  view.setUint32(at.ispeed, settings.baudRate, true);
  view.setUint32(at.ospeed, settings.baudRate, true);
  return bytes;
}

/** The speed that a driver really took, in bits a second. */
export function termiosBaudRate(termios: Uint8Array): number {
  return new DataView(termios.buffer, termios.byteOffset).getUint32(at.ospeed, true);
}

/** A copy that leaves DTR up when the port is closed: a drop resets some equipment. */
export function withoutHangUp(termios: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(termios);
  const view = new DataView(copy.buffer);
  view.setUint32(at.cflag, (view.getUint32(at.cflag, true) & ~HUPCL) >>> 0, true);
  return copy;
}
