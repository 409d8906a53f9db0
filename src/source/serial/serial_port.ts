// One open serial port: locked for us alone, set for capture, given back as it was found. Input
// that waits in the kernel is never flushed: it is records.

import { type Libc, O_NOCTTY, O_NONBLOCK, O_RDWR } from "../../platform/libc.ts";
import { SystemError } from "../../platform/system_error.ts";
import { type LineCounters, readCounters } from "./line_counters.ts";
import type { LineSettings } from "./line_settings.ts";
import { type ModemLines, raiseDtrRts, readModemLines } from "./modem_lines.ts";
import {
  encodeTermios,
  FIONREAD,
  TCGETS2,
  TCSETS2,
  termiosBaudRate,
  termiosBytes,
  TIOCEXCL,
  TIOCNXCL,
  withoutHangUp,
} from "./termios.ts";

/** The device is open in another process, which has locked it. */
export class PortBusy extends Error {
  override readonly name = "PortBusy";
}

export class SerialPort {
  readonly fd: number;
  readonly #libc: Libc;
  /** The settings to be restored. */
  readonly #found: Uint8Array<ArrayBuffer>;
  #settings: LineSettings;

  /**
   * Opens without waiting for carrier, locks twice (TIOCEXCL keeps users out, flock other copies of
   * this program and root), applies the settings. DTR and RTS are raised.
   * @throws {PortBusy}
   * @throws {SystemError} `ENOENT`, `EACCES`, `EBUSY`, `ENOTTY` (not a terminal), `EIO` …
   */
  static open(libc: Libc, path: string, settings: LineSettings): SerialPort {
    return SerialPort.#take(libc, libc.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK), path, settings);
  }

  /** The same with a descriptor that has been kept open. @throws {SystemError} when the device is gone */
  static adopt(libc: Libc, fd: number, path: string, settings: LineSettings): SerialPort {
    return SerialPort.#take(libc, fd, path, settings);
  }

  static #take(libc: Libc, fd: number, path: string, settings: LineSettings): SerialPort {
    try {
      const found = new Uint8Array(termiosBytes);
      libc.ioctl(fd, TCGETS2, found);
      if (!libc.tryLock(fd)) throw new PortBusy(`lock ${path}: held by another process`);
      libc.ioctl(fd, TIOCEXCL, null);
      const taken = setLine(libc, fd, settings);
      raiseDtrRts(libc, fd);
      return new SerialPort(libc, fd, found, taken);
    } catch (error) {
      libc.close(fd);
      throw error;
    }
  }

  private constructor(
    libc: Libc,
    fd: number,
    found: Uint8Array<ArrayBuffer>,
    settings: LineSettings,
  ) {
    this.#libc = libc;
    this.fd = fd;
    this.#found = found;
    this.#settings = settings;
  }

  /** What the driver took; its speed can differ a little from what was asked. */
  get settings(): LineSettings {
    return this.#settings;
  }

  /** Sets the line without flushing what waits. False when the device is gone, or refuses. */
  apply(settings: LineSettings): boolean {
    try {
      this.#settings = setLine(this.#libc, this.fd, settings);
      return true;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      return false;
    }
  }

  /** How many bytes can be read at once without waiting, at most 4,095; 0 also when it is gone. */
  waiting(): number {
    const count = new Uint8Array(4);
    try {
      this.#libc.ioctl(this.fd, FIONREAD, count);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      return 0;
    }
    return new DataView(count.buffer).getInt32(0, true);
  }

  /** Bytes read into `buffer`. A device that is gone shows as end of file or as an error. */
  read(buffer: Uint8Array<ArrayBuffer>): number | "would block" | "gone" {
    try {
      const count = this.#libc.read(this.fd, buffer);
      return count === 0 ? "gone" : count;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      return "gone";
    }
  }

  /** What the equipment at the other end raises; unknown where the driver has no such lines. */
  modemLines(): ModemLines {
    return readModemLines(this.#libc, this.fd);
  }

  /** What the driver has counted; `null` where it does not count. */
  counters(): LineCounters | null {
    return readCounters(this.#libc, this.fd);
  }

  /** Closes and changes nothing: somebody else holds the port open, and it goes on as it is. */
  leave(): void {
    this.#libc.close(this.fd);
  }

  /**
   * Restores the settings that were found, but for HUPCL, so that DTR stays up; gives up the lock,
   * which a pseudo-terminal would keep; then closes.
   */
  close(): void {
    try {
      this.#libc.ioctl(this.fd, TIOCNXCL, null);
      this.#libc.ioctl(this.fd, TCSETS2, withoutHangUp(this.#found));
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      // The device is gone; there is nothing to give back.
    }
    this.#libc.close(this.fd);
  }
}

/** What the driver made of the settings. @throws {SystemError} */
function setLine(libc: Libc, fd: number, settings: LineSettings): LineSettings {
  libc.ioctl(fd, TCSETS2, encodeTermios(settings));
  const taken = new Uint8Array(termiosBytes);
  libc.ioctl(fd, TCGETS2, taken);
  return { ...settings, baudRate: termiosBaudRate(taken) };
}
