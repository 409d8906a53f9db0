// A C library whose terminals have modem lines and counters, which pseudo-terminals lack.

import { Libc } from "../../src/platform/libc.ts";
import { SystemError } from "../../src/platform/system_error.ts";

const TIOCMGET = 0x5415;
const TIOCMBIS = 0x5416;
const TIOCGICOUNT = 0x545d;

export class ModemLibc extends Libc {
  /** What TIOCMGET gives. */
  lineBits = 0;
  /** All bits that TIOCMBIS raised. */
  raisedBits = 0;
  /** How often it was asked for both. */
  looks = 0;
  /** What TIOCGICOUNT gives, from the start of the structure. */
  counters: readonly number[] = [];
  /** When set, the lines and counters fail with this errno. */
  errno: number | null = null;

  override ioctl(fd: number, request: number, argument: Uint8Array<ArrayBuffer> | null): void {
    if (![TIOCMGET, TIOCMBIS, TIOCGICOUNT].includes(request) || argument === null) {
      return super.ioctl(fd, request, argument);
    }
    if (this.errno !== null) throw new SystemError("ioctl", "lines", this.errno);
    const view = new DataView(argument.buffer);
    if (request === TIOCMGET) view.setUint32(0, this.lineBits, true);
    if (request === TIOCMBIS) this.raisedBits |= view.getUint32(0, true);
    if (request === TIOCGICOUNT) {
      this.looks += 1;
      this.counters.forEach((value, index) => view.setUint32(index * 4, value, true));
    }
  }
}
