// How far a long piece of work has come: a bar, what is done, the pace and the time that is left.

import type { Clock } from "../platform/clock.ts";
import type { LiveLines } from "./live_lines.ts";
import { bytesText, durationText } from "./quantity.ts";

const drawMs = 250;
const barLength = 20;

/** Before it, time left is a guess. */
const settledMs = 1000;

export class ProgressBar {
  readonly #lines: LiveLines;
  readonly #clock: Clock;
  #title = "";
  #startMs = 0;
  #drawnMs = -Infinity;

  constructor(options: { readonly lines: LiveLines; readonly clock: Clock }) {
    this.#lines = options.lines;
    this.#clock = options.clock;
  }

  /** `share` is from 0 to 1. Another title is another piece of work. Drawn now and then. */
  show(title: string, { bytes, share }: { readonly bytes: number; readonly share: number }): void {
    const nowMs = this.#clock.monotonicMs();
    if (title !== this.#title) {
      this.#title = title;
      this.#startMs = nowMs;
      this.#drawnMs = -Infinity;
    }
    if (nowMs - this.#drawnMs < drawMs) return;
    this.#drawnMs = nowMs;
    this.#lines.show([progressLine({ title, bytes, share, elapsedMs: nowMs - this.#startMs })]);
  }

  /** Takes the bar away. */
  close(): void {
    this.#lines.clear();
  }
}

/** `nats  [#####               ]  25 %  1.2 MB  400.0 kB/s  9 seconds left` */
export function progressLine({ title, bytes, share, elapsedMs }: {
  readonly title: string;
  readonly bytes: number;
  readonly share: number;
  readonly elapsedMs: number;
}): string {
  const bar = "#".repeat(Math.floor(share * barLength)).padEnd(barLength);
  const done = `${title}  [${bar}] ${String(Math.floor(share * 100)).padStart(3)} %`;
  if (elapsedMs < settledMs || share === 0) return `${done}  ${bytesText(bytes)}`;
  const pace = `${bytesText(Math.round(bytes / elapsedMs * 1000))}/s`;
  const left = durationText(elapsedMs / share * (1 - share));
  return `${done}  ${bytesText(bytes)}  ${pace}  ${left} left`;
}
