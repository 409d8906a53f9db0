// Keeps every read of a port as the kernel handed it over, for disputes, beside the journal and
// never in its way: a read is only copied into a bounded buffer, and written within a second or so,
// awaited, never synced. When the disk refuses, or has less room than must be left for the records,
// it waits, and says later in the file how much is missing. A kill loses what is in the buffer.

import type { Clock } from "../../platform/clock.ts";
import { errorText, type Report } from "../../platform/notice.ts";
import { formatSettings, type LineSettings } from "../../source/serial/line_settings.ts";
import type { PortTap } from "../../source/serial/port_tap.ts";
import type { FaultGuard } from "../fault_guard.ts";
import { RawBuffer } from "./raw_buffer.ts";
import type { RawDisk } from "./raw_disk.ts";
import { RawFiles } from "./raw_files.ts";
import { RawLines } from "./raw_lines.ts";

/** How long what was read waits in memory; a kill loses it. */
const writeMs = 1000;
/** Between two attempts while the disk refuses. */
const retryMs = 5000;
/** How long a stop waits for what is being written. */
const stopMs = 1000;
/** What waits in memory at most: a quarter of a minute of a line at 115200 baud that never rests. */
const bufferBytes = 256 * 1024;

export interface RawCaptureOptions {
  /** `{fips}-{side}` */
  readonly channel: string;
  readonly device: string;
  /** Of the raw files alone. */
  readonly folder: string;
  /** Of all raw files of this port. */
  readonly maxBytes: number;
  /** The disk has less free space than must be left for the records. */
  readonly isBelowFloor: () => boolean;
  readonly disk: RawDisk;
  readonly clock: Clock;
  /** Told of what goes wrong otherwise. */
  readonly guard: FaultGuard;
  readonly report: Report;
}

export class RawCapture implements PortTap, AsyncDisposable {
  readonly #options: RawCaptureOptions;
  readonly #buffer = new RawBuffer({ maxBytes: bufferBytes });
  readonly #lines = new RawLines();
  readonly #files: RawFiles;
  /** Taken from the buffer, and not written. */
  #unwritten: readonly string[] = [];
  #settings = "";
  /** Why nothing is written; `null` while it is. */
  #refusal: string | null = null;
  #missingBytes = 0;
  #wake = new AbortController();
  #isStopped = false;
  readonly #done: Promise<void>;

  constructor(options: RawCaptureOptions) {
    this.#options = options;
    this.#files = new RawFiles(options);
    this.#done = this.#run().catch((error) => options.guard.break(error));
  }

  opened(settings: LineSettings): void {
    this.#settings = formatSettings(settings);
    this.#note(`opened ${this.#options.device}`);
  }

  set(settings: LineSettings): void {
    this.#settings = formatSettings(settings);
    this.#note("set");
  }

  read(bytes: Uint8Array, timeMs: number): void {
    this.#buffer.add({ timeMs, settings: this.#settings, bytes: new Uint8Array(bytes) });
    if (this.#buffer.isFilling && this.#refusal === null) this.#wake.abort();
  }

  closed(why: string): void {
    this.#note(`closed: ${why}`);
  }

  /** Writes what waits, unless the disk is too slow for that. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake.abort();
    const over = new AbortController();
    await Promise.race([this.#done, this.#options.clock.delay(stopMs, over.signal)]);
    over.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #note(note: string): void {
    const timeMs = this.#options.clock.wallMs();
    this.#buffer.add({ timeMs, settings: this.#settings, note });
  }

  async #run(): Promise<void> {
    for (let isLast = false; !isLast;) {
      this.#wake = new AbortController();
      if (this.#isStopped) this.#wake.abort();
      const pauseMs = this.#refusal === null ? writeMs : retryMs;
      await this.#options.clock.delay(pauseMs, this.#wake.signal);
      isLast = this.#isStopped;
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    try {
      if (this.#options.isBelowFloor()) {
        this.#refused("less space is free than must be left for the records");
        await this.#files.removeOldest();
      } else {
        await this.#write();
        this.#accepted();
      }
    } catch (error) {
      this.#refused(errorText(error));
    }
  }

  /** All that waits, also what comes meanwhile. */
  async #write(): Promise<void> {
    for (;;) {
      if (this.#unwritten.length === 0) this.#unwritten = this.#taken();
      if (this.#unwritten.length === 0) return;
      const count = await this.#files.append(this.#unwritten);
      this.#unwritten = this.#unwritten.slice(count);
    }
  }

  #taken(): string[] {
    const taken = this.#buffer.take();
    this.#missingBytes += taken.gap?.bytes ?? 0;
    return this.#lines.of(taken, this.#refusal ?? "the disk was too slow");
  }

  #refused(why: string): void {
    if (this.#refusal !== null) return;
    this.#refusal = why;
    const { channel, folder, report } = this.#options;
    report({
      level: "warning",
      kind: "raw_capture_stopped",
      message: `${channel}: raw capture to ${folder} stops: ${why}`,
      hint:
        "records are not touched by it; make room or mend the disk (df -h, dmesg), and it goes " +
        "on by itself; or set raw_capture of this port to false",
    });
  }

  #accepted(): void {
    const bytes = this.#missingBytes;
    if (this.#refusal === null && bytes === 0) return;
    this.#refusal = null;
    this.#missingBytes = 0;
    const { channel, report } = this.#options;
    const message = `${channel}: raw capture goes on; ${bytes} bytes are missing in it`;
    report({ level: "info", kind: "raw_capture_resumed", message, details: { bytes } });
  }
}
