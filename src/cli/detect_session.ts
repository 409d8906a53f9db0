// One time of listening to a port: from when it is open until it is known enough, until told to stop,
// or until the device is gone; shown while it lasts.

import type { Clock } from "../platform/clock.ts";
import type { Libc } from "../platform/libc.ts";
import type { LineListener } from "../source/serial/line_listener.ts";
import type { ModemLines } from "../source/serial/modem_lines.ts";
import { PollLoop } from "../source/serial/poll_loop.ts";
import { SignalMonitor } from "../source/serial/signal_monitor.ts";
import type { DetectScreen } from "./detect_screen.ts";
import type { LineSurvey } from "./line_survey.ts";
import type { StopSignal } from "./stop_signal.ts";

const screenMs = 500;

/** Silence after which it is said what to look at. */
const silenceSeconds = 15;

export interface DetectSessionOptions {
  readonly libc: Libc;
  readonly clock: Clock;
  readonly listener: LineListener;
  readonly device: string;
  readonly survey: LineSurvey;
  readonly screen: DetectScreen;
  /** Ends it. */
  readonly told: StopSignal;
  /** `undefined` listens until it is known enough. */
  readonly seconds: number | undefined;
  /** What to look at when nothing arrives. */
  readonly adviceOnSilence: (signals: ModemLines) => readonly string[];
}

export interface SessionEnd {
  readonly isGone: boolean;
  /** The last that was seen of them while the device was there. */
  readonly signals: ModemLines;
}

export async function listenTo(options: DetectSessionOptions): Promise<SessionEnd> {
  const { libc, clock, listener, device, survey, screen, seconds } = options;
  const { port } = listener;
  let signals = port.modemLines();
  let isAdvised = false;
  const over = new AbortController();
  const draw = (): void => {
    signals = port.modemLines();
    screen.tellRecords(survey.idle());
    const isSilent = survey.line.counts.characters === 0 && survey.seconds >= silenceSeconds;
    if (isSilent && !isAdvised) screen.advise(options.adviceOnSilence(signals));
    isAdvised ||= isSilent;
    screen.draw(signals);
  };
  const heard = (bytes: Uint8Array): void => {
    screen.tell(survey.push(bytes));
    if (seconds === undefined && survey.isEnough) over.abort();
  };
  const monitor = new SignalMonitor({
    device,
    clock,
    report: (notice) => screen.tellNotice(notice),
    counts: () => survey.line.counts,
    isDetecting: () => survey.line.found === null,
    changed: () => {},
  });
  await using loop = new PollLoop({ libc, clock });
  options.told.within((seconds ?? Infinity) * 1000).then(() => over.abort());
  const watching = monitor.watch(port, over.signal);
  // Told at the end, where it is awaited.
  watching.catch(() => over.abort());
  const drawing = setInterval(draw, screenMs);
  try {
    const isGone = await listener.listen({ loop, heard, signal: over.signal }) === "gone";
    if (!isGone) signals = port.modemLines();
    screen.tellRecords(survey.end());
    screen.draw(signals);
    return { isGone, signals };
  } finally {
    clearInterval(drawing);
    over.abort();
    await watching;
    screen.close();
  }
}
