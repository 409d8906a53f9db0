// A serial port as a source: opened, read, and opened again whenever its device comes back, set to
// what the line is or seems to be. What happens on the way is told to the handler; nothing here ever
// gives up.

import { type Backoff, backoffMs } from "../../platform/backoff.ts";
import type { Clock } from "../../platform/clock.ts";
import { type Libc, POLLERR, POLLHUP, POLLNVAL } from "../../platform/libc.ts";
import { errorText, type Report } from "../../platform/notice.ts";
import { SystemError } from "../../platform/system_error.ts";
import type { Run, Source, SourceHandler, SourceRead } from "../source.ts";
import type { LineDetectorOptions } from "./detection.ts";
import { DeviceWatch } from "./device_watch.ts";
import { FlowControl } from "./flow_control.ts";
import { isSameReceiver } from "./framing.ts";
import { HeldPorts } from "./held_ports.ts";
import { LineNotices } from "./line_notices.ts";
import { formatSettings, type LineSettings, type WantedSettings } from "./line_settings.ts";
import { openProblem, readProblem } from "./open_problem.ts";
import type { PollEntry, PollLoop } from "./poll_loop.ts";
import type { PortTap } from "./port_tap.ts";
import { readTurn } from "./read_turn.ts";
import { decodeReceiver, encodeReceiver } from "./receiver_code.ts";
import { type LineCounts, SerialLine } from "./serial_line.ts";
import type { SerialPort } from "./serial_port.ts";
import { SignalMonitor } from "./signal_monitor.ts";

/** A port that stays open for less is not opened again at once, but with backoff. */
const steadyMs = 1000;

export interface SerialSourceOptions {
  readonly device: string;
  readonly wanted: WantedSettings;
  /** What worked on this port the last time. */
  readonly remembered: LineSettings | undefined;
  /** Limits to what is looked for when settings are left open. */
  readonly detection: Pick<LineDetectorOptions, "baudRates" | "minBytes">;
  readonly backoff: Backoff;
  /** @default {nobody} */
  readonly tap?: PortTap | undefined;
  /** @default {those of its own: a stop closes the port} */
  readonly ports?: HeldPorts | undefined;
  readonly libc: Libc;
  readonly loop: PollLoop;
  readonly clock: Clock;
  readonly report: Report;
}

export class SerialSource implements Source {
  readonly name: string;
  readonly #options: SerialSourceOptions;
  readonly #stop = new AbortController();
  #port: SerialPort | null = null;
  #entry: PollEntry | null = null;
  readonly #line: SerialLine;
  readonly #notices: LineNotices;
  readonly #monitor: SignalMonitor;
  readonly #flowControl: FlowControl;
  #handler: SourceHandler | null = null;
  readonly #ports: HeldPorts;
  #isLeaving = false;
  /** It stays open although it is read no more. */
  #isLeft = false;
  #done: Promise<void> = Promise.resolve();

  constructor(options: SerialSourceOptions) {
    const { wanted, remembered, detection } = options;
    this.#options = options;
    this.#ports = options.ports ?? new HeldPorts(options);
    this.name = options.device;
    this.#notices = new LineNotices(options);
    this.#line = new SerialLine({
      ...detection,
      ...remembered === undefined ? {} : { remembered },
      fixed: {
        ...wanted.baudRate === "detect" ? {} : { baudRate: wanted.baudRate },
        ...wanted.frame === "detect" ? {} : { frame: wanted.frame },
      },
    });
    this.#monitor = new SignalMonitor({
      ...options,
      counts: () => this.counts,
      isDetecting: () => this.settings === undefined,
      changed: (isThere) => this.#handler?.signal(isThere),
      overran: () => this.#useFlowControl(),
    });
    this.#flowControl = new FlowControl({
      device: options.device,
      wanted: wanted.flowControl,
      remembered: remembered?.flowControl,
    });
  }

  /** The line's settings, configured or found; `undefined` while they are looked for. */
  get settings(): LineSettings | undefined {
    const found = this.#line.settings;
    return found === null ? undefined : { ...found, flowControl: this.#flowControl.isUsed };
  }

  get baudRate(): number | null {
    return this.settings?.baudRate ?? null;
  }

  /** What came over the line since the start. */
  get counts(): LineCounts {
    return this.#line.counts;
  }

  get setting(): number {
    return encodeReceiver(this.#line.receiver);
  }

  get undecided(): number {
    return this.#line.undecided;
  }

  decode(read: SourceRead): Run[] {
    const receiver = decodeReceiver(read.setting);
    if (receiver !== null && !isSameReceiver(receiver, this.#line.receiver)) {
      this.#line.applied(receiver);
    }
    const { runs, decisions } = this.#line.push(read);
    if (decisions.length > 0) {
      this.#notices.tell(decisions);
      this.#tellState();
    }
    this.#notices.compare(this.#line.mismatch);
    return runs;
  }

  settle(quiet: "for_now" | "at_all"): Run[] {
    return this.#line.settle(quiet);
  }

  get isKept(): boolean {
    return this.#isLeft || this.#ports.has(this.#options.device);
  }

  get hasBytes(): boolean {
    return this.#port !== null && this.#port.waiting() > 0;
  }

  start(handler: SourceHandler): void {
    this.#handler = handler;
    this.#done = this.#run(handler).catch((error) => handler.broke(error));
  }

  resume(): void {
    this.#entry?.resume();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    await this.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(handler: SourceHandler): Promise<void> {
    const { device, libc, loop, clock, backoff, tap } = this.#options;
    const signal = this.#stop.signal;
    const watch = new DeviceWatch({ libc, loop, device, broke: (error) => handler.broke(error) });
    let failures = 0;
    let lastMessage = "";
    while (!signal.aborted) {
      const changed = watch.changed();
      const port = this.#open((error) => {
        const problem = openProblem(libc, device, error);
        if (problem.message !== lastMessage) handler.unavailable(problem);
        lastMessage = problem.message;
      });
      if (port !== null) {
        lastMessage = "";
        const openedMs = clock.monotonicMs();
        try {
          const gone = await this.#read(port, handler);
          tap?.closed(gone ? "the device is gone" : "stop");
          if (gone) handler.closed("device gone");
        } catch (error) {
          tap?.closed(errorText(error));
          if (!(error instanceof SystemError)) {
            handler.broke(error);
            break;
          }
          handler.unavailable(readProblem(device, error));
        }
        if (clock.monotonicMs() - openedMs >= steadyMs) failures = 0;
      }
      if (signal.aborted) break;
      failures += 1;
      await this.#pause(backoffMs(backoff, failures), changed);
    }
    await watch.close();
  }

  /** Waits for a time, or until something has changed or the source is stopped. */
  async #pause(ms: number, changed: Promise<void>): Promise<void> {
    const signal = this.#stop.signal;
    const over = new AbortController();
    const finish = (): void => over.abort();
    changed.then(finish);
    signal.addEventListener("abort", finish);
    if (signal.aborted) finish();
    await this.#options.clock.delay(ms, over.signal);
    signal.removeEventListener("abort", finish);
  }

  #open(failed: (error: unknown) => void): SerialPort | null {
    const { device, tap } = this.#options;
    try {
      const wanted = this.#line.asked ?? this.#line.receiver;
      const flowControl = this.#flowControl.isUsed;
      const port = this.#ports.open(device, { ...wanted, flowControl });
      tap?.opened(port.settings);
      this.#line.opened(wanted);
      this.#notices.applied({ asked: wanted.baudRate, taken: port.settings.baudRate });
      return port;
    } catch (error) {
      failed(error);
      return null;
    }
  }

  #useFlowControl(): void {
    const notice = this.#flowControl.overran();
    if (notice === null || this.#port === null) return;
    this.#port.apply({ ...this.#port.settings, flowControl: true });
    this.#options.tap?.set(this.#port.settings);
    this.#options.report(notice);
    this.#tellState();
  }

  /** Sets the port as the line seems to need it, when nothing waits that was read otherwise. */
  #applyAsked(port: SerialPort): void {
    const { asked } = this.#line;
    if (asked === null) return;
    if (!port.apply({ ...asked, flowControl: this.#flowControl.isUsed })) return;
    this.#options.tap?.set(port.settings);
    this.#line.applied(asked);
    this.#notices.applied({ asked: asked.baudRate, taken: port.settings.baudRate });
  }

  #tellState(): void {
    if (this.#port === null || this.#handler === null) return;
    const { settings } = this;
    if (settings !== undefined) this.#handler.opened(formatSettings(settings));
    else this.#handler.detecting(`listening at ${formatSettings(this.#port.settings)}`);
  }

  /** Reads until the device is gone (true) or the source is stopped (false), then closes it. */
  async #read(port: SerialPort, handler: SourceHandler): Promise<boolean> {
    const { loop } = this.#options;
    const around = { ...this.#options, handler };
    const signal = this.#stop.signal;
    const ended = Promise.withResolvers<boolean>();
    const entry = loop.add(port.fd, (events) => {
      const result = readTurn(port, around);
      if (result === "refused") entry.pause();
      if (result === "empty") this.#applyAsked(port);
      const gone = result === "gone" ||
        result === "empty" && (events & (POLLERR | POLLHUP | POLLNVAL)) !== 0;
      if (gone) ended.resolve(true);
    }, ended.reject);
    const stop = (): void => ended.resolve(false);
    signal.addEventListener("abort", stop);
    const closing = new AbortController();
    const watching = this.#monitor.watch(port, closing.signal).catch(ended.reject);
    this.#port = port;
    this.#entry = entry;
    if (signal.aborted) stop();
    try {
      this.#tellState();
      const gone = await ended.promise;
      if (!gone && !entry.paused) readTurn(port, { ...around, isLast: true });
      return gone;
    } finally {
      signal.removeEventListener("abort", stop);
      this.#port = null;
      this.#entry = null;
      await entry.remove();
      closing.abort();
      await watching;
      this.#isLeft = this.#ports.leave(this.#options.device, port, this.#isLeaving);
    }
  }
}
