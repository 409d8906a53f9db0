// The collector's end of a pseudo-terminal, as plain as can be: for tests of what is sent,
// not of what the collector makes of it.

import { type Libc, O_NOCTTY, O_NONBLOCK, O_RDWR } from "../../src/platform/libc.ts";
import { waitForValue } from "./wait_for.ts";

const TCGETS2 = 0x802c542a;
const TCSETS2 = 0x402c542b;
const BOTHER = 0x1000;
const CBAUD = 0x100f;

export interface TerminalChange {
  readonly inputFlags?: number;
  /** All but the speed's. */
  readonly controlFlags?: number;
  readonly baud?: number;
}

export class TerminalReader implements Disposable {
  readonly fd: number;
  readonly received: number[] = [];
  readonly #libc: Libc;

  constructor(libc: Libc, path: string) {
    this.#libc = libc;
    this.fd = libc.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
  }

  /** Reads once; returns how many bytes came. */
  take(limit = 4096): number {
    const buffer = new Uint8Array(limit);
    const count = this.#libc.read(this.fd, buffer);
    if (count === "would block") return 0;
    this.received.push(...buffer.subarray(0, count));
    return count;
  }

  /** Reads until so many bytes have come in all, and returns them. */
  async takeUntil(length: number): Promise<number[]> {
    await waitForValue(
      `${length} bytes`,
      () => {
        this.take();
        return this.received.length;
      },
      (count) => count >= length,
      { intervalMs: 2 },
    );
    return this.received;
  }

  set(change: TerminalChange): void {
    const bytes = new Uint8Array(44);
    this.#libc.ioctl(this.fd, TCGETS2, bytes);
    const termios = new DataView(bytes.buffer);
    if (change.inputFlags !== undefined) termios.setUint32(0, change.inputFlags, true);
    const control = change.controlFlags ?? termios.getUint32(8, true) & ~CBAUD;
    const baud = change.baud ?? termios.getUint32(40, true);
    termios.setUint32(8, control | BOTHER, true);
    termios.setUint32(36, baud, true);
    termios.setUint32(40, baud, true);
    this.#libc.ioctl(this.fd, TCSETS2, bytes);
  }

  [Symbol.dispose](): void {
    this.#libc.close(this.fd);
  }
}
