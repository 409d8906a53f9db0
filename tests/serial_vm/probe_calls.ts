// What a test asks of the probe in the virtual machine, as one line of JSON each way. The probe calls
// the product's own modules; here are only names and shapes.

import type { Notice } from "../../src/platform/notice.ts";
import type { LineCounters } from "../../src/source/serial/line_counters.ts";
import type { LineSettings } from "../../src/source/serial/line_settings.ts";
import type { ModemLines } from "../../src/source/serial/modem_lines.ts";
import type { SignalState } from "../../src/source/serial/signal_watch.ts";

/** What TIOCMBIS raises; `loop` joins the chip's outputs to its own inputs. */
export type Pin = "dtr" | "rts" | "out1" | "out2" | "loop";

/** What a source has told and handed on so far. */
export interface Capture {
  /** `opened 9600 8N1`, `busy` … */
  readonly events: readonly string[];
  /** Problems in words. */
  readonly problems: readonly string[];
  readonly runs: readonly { readonly text: string; readonly damaged: boolean }[];
}

export interface ProbeCalls {
  /** `SerialPort.open`; what the driver took. */
  open(ask: { readonly device: string; readonly settings: LineSettings }): LineSettings;
  /** `SerialPort.apply`; what the driver took, `null` when it refused. */
  apply(ask: { readonly settings: LineSettings }): LineSettings | null;
  close(): void;
  /** `SerialPort.waiting` */
  waiting(): number;
  /** `SerialPort.read` until nothing waits. */
  read(): readonly number[];
  /** How many bytes the driver took to be sent. */
  write(ask: { readonly bytes: readonly number[] }): number;
  /** `SerialPort.modemLines` */
  lines(): ModemLines;
  /** `SerialPort.counters` */
  counters(): LineCounters;
  /** `SignalWatch.push` with the port's lines and counters as they are now. */
  watch(ask: { readonly monotonicMs: number }): {
    readonly state: SignalState;
    readonly notices: readonly Notice[];
  };
  /** Opens a device as another program would, which neither locks nor sets it. */
  hold(ask: { readonly device: string }): void;
  release(): void;
  /** Sets pins as the other program. */
  setPins(ask: { readonly raise?: readonly Pin[]; readonly lower?: readonly Pin[] }): void;
  /** Starts a `SerialSource`. */
  capture(ask: { readonly device: string }): void;
  captured(): Capture;
  stopCapture(): void;
}

export type CallName = keyof ProbeCalls;
export type Ask<Name extends CallName> = Parameters<ProbeCalls[Name]>[0];
export type Answer<Name extends CallName> = ReturnType<ProbeCalls[Name]>;

/** The calls as the probe serves them. */
export type Served = {
  [Name in CallName]: (ask: Ask<Name>) => Answer<Name> | Promise<Answer<Name>>;
};

/** What the probe says first. */
export const probeGreeting = "probe ready";

export interface Question {
  readonly call: CallName;
  readonly ask?: unknown;
}

/** An error's name is that of its class, or the code of a system call: `PortBusy`, `EBUSY`. */
export type Reply =
  | { readonly answer: unknown }
  | { readonly error: string; readonly message: string };
