// Looks at an open port about once a second: at its modem lines, at what its driver has counted, and
// at how much of what came was damaged.

import type { Clock } from "../../platform/clock.ts";
import type { Report } from "../../platform/notice.ts";
import { LineQuality } from "./line_quality.ts";
import { unknownLines } from "./modem_lines.ts";
import type { LineCounts } from "./serial_line.ts";
import type { SerialPort } from "./serial_port.ts";
import { SignalWatch } from "./signal_watch.ts";

const everyMs = 1000;

export interface SignalMonitorOptions {
  readonly device: string;
  readonly clock: Clock;
  readonly report: Report;
  /** What came over the line since the start. */
  readonly counts: () => LineCounts;
  /** Settings are being looked for: line errors are to be expected. */
  readonly isDetecting: () => boolean;
  /** Told when a signal is lost, or back. */
  readonly changed: (isThere: boolean) => void;
  /** Told when characters were lost. */
  readonly overran?: () => void;
}

export class SignalMonitor {
  readonly #options: SignalMonitorOptions;
  readonly #watch: SignalWatch;
  readonly #quality: LineQuality;
  #counts: LineCounts;

  constructor(options: SignalMonitorOptions) {
    this.#options = options;
    this.#watch = new SignalWatch(options);
    this.#quality = new LineQuality(options);
    this.#counts = options.counts();
  }

  /** As far as can be known. */
  get isThere(): boolean {
    return this.#watch.state !== "no_signal";
  }

  /** Watches a port until `signal` aborts: then it is about to be closed. */
  async watch(port: SerialPort, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#look(port);
      await this.#options.clock.delay(everyMs, signal);
    }
    this.#look(null);
  }

  #look(port: SerialPort | null): void {
    const { clock, report, isDetecting, changed, overran } = this.#options;
    const wasThere = this.isThere;
    const counts = this.#options.counts();
    const bad = counts.damaged + counts.breaks - this.#counts.damaged - this.#counts.breaks;
    const good = Math.max(0, counts.characters - this.#counts.characters - bad);
    this.#counts = counts;
    const monotonicMs = clock.monotonicMs();
    const signal = this.#watch.push({
      monotonicMs,
      lines: port?.modemLines() ?? unknownLines,
      counters: port?.counters() ?? null,
      goodCharacters: good,
      badCharacters: bad,
    });
    const quality = this.#quality.push({ monotonicMs, good, bad, isDetecting: isDetecting() });
    for (const notice of [...signal, ...quality]) {
      if (notice.kind !== "line_errors" || !isDetecting()) report(notice);
      if (notice.kind === "overrun") overran?.();
    }
    if (this.isThere !== wasThere) changed(this.isThere);
  }
}
