// A serial port without hardware: the collector opens the slave as it opens a UART, and the
// one who holds the master is the exchange at the other end of the cable. Everything said
// here about the kernel was measured on Linux 6.18.

import { readlinkSync, renameSync, symlinkSync, unlinkSync } from "node:fs";
import { Libc, O_NOCTTY, O_NONBLOCK, O_RDWR } from "../platform/libc.ts";
import { FIONREAD, TCGETS2, TCSETS2, termiosBytes, TIOCNXCL } from "../source/serial/termios.ts";

const TIOCGPTN = 0x80045430;
const TIOCSPTLCK = 0x40045431;

const offset = { input: 0, output: 4, control: 8, local: 12, time: 17 + 5, min: 17 + 6, speed: 40 };

const CBAUD = 0x100f;
const BOTHER = 0x1000;
const PARMRK = 0x8;
const EXTPROC = 0x10000;

const firstPauseMs = 1;
const longestPauseMs = 20;

/** What the slave's owner has set, as far as a pseudo-terminal lets it be seen. */
export interface TerminalSettings {
  /** Any speed, also one that no UART has. */
  readonly baud: number;
  readonly stopBits: 1 | 2;
  /** The four flag words of termios2. A pseudo-terminal forces CS8 and clears PARENB. */
  readonly flags: {
    readonly input: number;
    readonly output: number;
    readonly control: number;
    readonly local: number;
  };
}

export interface PseudoTerminalOptions {
  readonly libc: Libc;
  /** A symbolic link to make, or to replace atomically, as udev's `by-id` names are. */
  readonly link?: string;
  /** What it is set to until a reader sets another. @default {38400, the kernel's} */
  readonly baud?: number;
}

/**
 * One pseudo-terminal, set raw and without echo from its first moment, so that nothing sent
 * before a reader opens it is altered or comes back.
 *
 * - Bytes wait for the reader for as long as the master is open, about 20,500 of them. They
 *   survive the last close of the slave and the next open, also when partly read, and so do
 *   the settings.
 * - The data bits and the parity that a reader asks for cannot be seen, from either end: the
 *   kernel forces eight and none. Speed, stop bits and all other flags can.
 * - TIOCEXCL outlives the close of the slave, so a reader that is not root gets EBUSY when it
 *   comes back: see {@linkcode PseudoTerminal.releaseExclusive}.
 * - With PARMRK set the kernel doubles each FF, so marks of errors could not be sent through:
 *   see {@linkcode PseudoTerminal.writeMarked}.
 * - Closing the master gives the reader POLLHUP, end of file, and EIO for every ioctl.
 */
export class PseudoTerminal implements Disposable {
  /** `/dev/pts/N` */
  readonly path: string;
  readonly link: string | undefined;
  readonly #libc: Libc;
  readonly #master: number;
  /** Held so that exclusiveness can be released: a new open would be refused by it. */
  readonly #slave: number;
  #plugged = true;
  #externalProcessing = false;
  #lastWrite: Promise<unknown> = Promise.resolve();

  /** @throws {SystemError} */
  constructor(options: PseudoTerminalOptions) {
    this.#libc = options.libc;
    this.link = options.link;
    this.#master = this.#libc.open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
    try {
      this.#libc.ioctl(this.#master, TIOCSPTLCK, new Uint8Array(4));
      const number = new Uint8Array(4);
      this.#libc.ioctl(this.#master, TIOCGPTN, number);
      this.path = `/dev/pts/${new DataView(number.buffer).getUint32(0, true)}`;
      this.#slave = this.#libc.open(this.path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    } catch (cause) {
      this.#libc.close(this.#master);
      throw cause;
    }
    try {
      this.#setRaw(options.baud);
      if (this.link !== undefined) replaceLink(this.link, this.path);
    } catch (cause) {
      this.#libc.close(this.#slave);
      this.#libc.close(this.#master);
      throw cause;
    }
  }

  get plugged(): boolean {
    return this.#plugged;
  }

  /**
   * Sends bytes as a UART delivers characters without errors: a reader with PARMRK sees each
   * FF doubled. Waits while the reader's buffers are full; calls are served in order.
   * Resolves to the number of bytes taken, fewer than given only after `unplug()` or abort.
   * @throws {SystemError}
   */
  write(bytes: Uint8Array, signal?: AbortSignal): Promise<number> {
    return this.#enqueue(bytes, false, signal);
  }

  /**
   * Like `write`, but the bytes already carry the marks that the reader's settings ask for
   * (`FF FF`, `FF 00 c`, `FF 00 00`) and reach it as they are. Without PARMRK there are no
   * marks, and this is `write`. The kernel stops doubling while EXTPROC is set; the reader's
   * settings show that flag.
   * @throws {SystemError}
   */
  writeMarked(bytes: Uint8Array, signal?: AbortSignal): Promise<number> {
    return this.#enqueue(bytes, true, signal);
  }

  /**
   * Like `writeMarked`, but what finds no room in the reader's buffers is not waited for; a mark
   * may be cut in two there. Returns the number of bytes taken, and takes none when unplugged.
   * @throws {SystemError}
   */
  offerMarked(bytes: Uint8Array): number {
    if (!this.#plugged || bytes.length === 0) return 0;
    this.#prepareFor(true);
    const count = this.#libc.write(this.#master, new Uint8Array(bytes));
    return count === "would block" ? 0 : count;
  }

  /**
   * Takes back what waits for the reader; returns how many bytes. What waits behind the first
   * 4,095 comes up a moment later: ask until it is 0 for good.
   */
  takeBack(): number {
    const buffer = new Uint8Array(4096);
    let taken = 0;
    while (this.#plugged) {
      const count = this.#libc.read(this.#slave, buffer);
      if (count === "would block" || count === 0) break;
      taken += count;
    }
    return taken;
  }

  /**
   * Up to 4,096 bytes of what the reader has sent back, empty when nothing waits. Reading is
   * optional: a reader that is not listened to gets "would block" after 16,048 bytes.
   */
  read(): Uint8Array {
    const buffer = new Uint8Array(4096);
    const count = this.#plugged ? this.#libc.read(this.#master, buffer) : 0;
    return buffer.subarray(0, count === "would block" ? 0 : count);
  }

  /**
   * How many bytes wait to be read, at most 4,095: what waits behind those is not counted,
   * but 0 means that all was read. Bytes that still wait at `unplug()` are lost.
   */
  unread(): number {
    const count = new Uint8Array(4);
    if (this.#plugged) this.#libc.ioctl(this.#slave, FIONREAD, count);
    return new DataView(count.buffer).getInt32(0, true);
  }

  /** @throws {Error} when unplugged. */
  settings(): TerminalSettings {
    const view = this.#termios();
    const control = view.getUint32(offset.control, true);
    return {
      baud: view.getUint32(offset.speed, true),
      stopBits: (control & 0x40) === 0 ? 1 : 2,
      flags: {
        input: view.getUint32(offset.input, true),
        output: view.getUint32(offset.output, true),
        control,
        local: view.getUint32(offset.local, true),
      },
    };
  }

  /** Lets a reader that is not root open the slave again after one that took TIOCEXCL is gone. */
  releaseExclusive(): void {
    if (this.#plugged) this.#libc.ioctl(this.#slave, TIOCNXCL, null);
  }

  /** Pulls the cable: the reader gets a hang-up, waiting writes end, the link disappears. */
  unplug(): void {
    if (!this.#plugged) return;
    this.#plugged = false;
    if (this.link !== undefined) removeLink(this.link, this.path);
    this.#libc.close(this.#slave);
    this.#libc.close(this.#master);
  }

  [Symbol.dispose](): void {
    this.unplug();
  }

  #enqueue(bytes: Uint8Array, marked: boolean, signal?: AbortSignal): Promise<number> {
    const copy = new Uint8Array(bytes);
    const written = this.#lastWrite.then(() => this.#writeAll(copy, marked, signal));
    this.#lastWrite = written.catch(() => undefined);
    return written;
  }

  async #writeAll(
    bytes: Uint8Array<ArrayBuffer>,
    marked: boolean,
    signal?: AbortSignal,
  ): Promise<number> {
    let taken = 0;
    let pauseMs = firstPauseMs;
    while (taken < bytes.length && this.#plugged && signal?.aborted !== true) {
      this.#prepareFor(marked);
      const count = this.#libc.write(this.#master, bytes.subarray(taken));
      if (count === "would block" || count === 0) {
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      } else {
        taken += count;
        pauseMs = firstPauseMs;
      }
    }
    return taken;
  }

  #prepareFor(marked: boolean): void {
    if (!marked && !this.#externalProcessing) return;
    const view = this.#termios();
    const local = view.getUint32(offset.local, true);
    const wanted = marked && (view.getUint32(offset.input, true) & PARMRK) !== 0;
    this.#externalProcessing = wanted;
    if (wanted === ((local & EXTPROC) !== 0)) return;
    view.setUint32(offset.local, wanted ? local | EXTPROC : local & ~EXTPROC, true);
    this.#libc.ioctl(this.#master, TCSETS2, new Uint8Array(view.buffer));
  }

  #setRaw(baud: number | undefined): void {
    const view = this.#termios();
    if (baud !== undefined) {
      const control = view.getUint32(offset.control, true);
      view.setUint32(offset.control, (control & ~CBAUD) | BOTHER, true);
      view.setUint32(offset.speed, baud, true);
    }
    view.setUint32(offset.input, 0, true);
    view.setUint32(offset.output, 0, true);
    view.setUint32(offset.local, 0, true);
    view.setUint8(offset.time, 0);
    view.setUint8(offset.min, 1);
    this.#libc.ioctl(this.#slave, TCSETS2, new Uint8Array(view.buffer));
  }

  #termios(): DataView<ArrayBuffer> {
    // The number of a closed descriptor may by now be somebody else's.
    if (!this.#plugged) throw new Error(`read settings: ${this.path}: unplugged`);
    const bytes = new Uint8Array(termiosBytes);
    this.#libc.ioctl(this.#master, TCGETS2, bytes);
    return new DataView(bytes.buffer);
  }
}

function replaceLink(link: string, target: string): void {
  const temporary = `${link}.${target.replaceAll("/", "-")}`;
  symlinkSync(target, temporary);
  try {
    renameSync(temporary, link);
  } catch (cause) {
    unlinkSync(temporary);
    throw cause;
  }
}

/** Another terminal may have taken the name over: then it is no longer ours to remove. */
function removeLink(link: string, target: string): void {
  try {
    if (readlinkSync(link) === target) unlinkSync(link);
  } catch (cause) {
    const gone = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    if (!gone) throw cause;
  }
}
