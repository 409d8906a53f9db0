// What a program reads from a Linux serial port when its UART has seen these characters:
// the driver's and the line discipline's part, as in 8250_port.c, serial_core.c and n_tty.c.

import type { Reception } from "./uart.ts";

/** Flags of termios' c_iflag, as `PseudoTerminal.settings().flags.input` has them. */
export const IGNBRK = 0x1;
export const BRKINT = 0x2;
export const IGNPAR = 0x4;
export const PARMRK = 0x8;
export const INPCK = 0x10;
export const ISTRIP = 0x20;

/**
 * The bytes for these characters under the reader's input flags. With `PARMRK | INPCK` a break
 * is `FF 00 00`, a damaged byte `FF 00 c`, and a true FF is doubled. Without INPCK a damaged
 * byte passes unmarked, without PARMRK it becomes 00.
 */
export function encodeMarks(receptions: readonly Reception[], inputFlags: number): Uint8Array {
  const has = (flag: number): boolean => (inputFlags & flag) !== 0;
  const marked = new Uint8Array(receptions.length * 3);
  let length = 0;
  const put = (...bytes: readonly number[]): void => {
    for (const byte of bytes) marked[length++] = byte;
  };
  const putPlain = (byte: number): void => {
    const stripped = has(ISTRIP) ? byte & 0x7f : byte;
    if (stripped === 0xff && has(PARMRK)) put(0xff);
    put(stripped);
  };
  for (const { kind, byte } of receptions) {
    if (kind === "break") {
      // BRKINT flushes and interrupts instead: what it leaves to read is nothing.
      if (has(IGNBRK) || has(BRKINT)) continue;
      if (has(PARMRK)) put(0xff, 0, 0);
      else put(0);
    } else if (kind === "byte" || !has(INPCK)) {
      putPlain(byte);
    } else if (!has(IGNPAR)) {
      if (has(PARMRK)) put(0xff, 0, byte);
      else put(0);
    }
  }
  return marked.subarray(0, length);
}
