// Runs inside of the virtual machine, compiled: it does to a real 16550 what the product does, with
// the product's own modules, as a test asks it to over standard input. See probe_calls.ts.

import { Libc, O_NOCTTY, O_NONBLOCK, O_RDWR } from "../../src/platform/libc.ts";
import { SystemError } from "../../src/platform/system_error.ts";
import type { LineCounters } from "../../src/source/serial/line_counters.ts";
import type { LineSettings } from "../../src/source/serial/line_settings.ts";
import type { ModemLines } from "../../src/source/serial/modem_lines.ts";
import type { PollLoop } from "../../src/source/serial/poll_loop.ts";
import { SerialPort } from "../../src/source/serial/serial_port.ts";
import { SignalWatch } from "../../src/source/serial/signal_watch.ts";
import type { Run } from "../../src/source/source.ts";
import { newLoop, SerialReading } from "../support/serial_reading.ts";
import {
  type Answer,
  type Ask,
  type Capture,
  type Pin,
  probeGreeting,
  type Question,
  type Reply,
  type Served,
} from "./probe_calls.ts";

const TIOCMBIS = 0x5416;
const TIOCMBIC = 0x5417;

/** Linux's numbers for them, from uapi/asm-generic/termios.h. */
const pinBits: Readonly<Record<Pin, number>> = {
  dtr: 0x2,
  rts: 0x4,
  out1: 0x2000,
  out2: 0x4000,
  loop: 0x8000,
};

const libc = new Libc();

interface Capturing {
  readonly loop: PollLoop;
  readonly reading: SerialReading;
  readonly runs: Run[];
}

/** What each call does; at most one of each thing is open. */
class Probe implements Served {
  #port: SerialPort | null = null;
  #watch: SignalWatch | null = null;
  #held: number | null = null;
  #capturing: Capturing | null = null;

  open({ device, settings }: Ask<"open">): LineSettings {
    this.#port = SerialPort.open(libc, device, settings);
    this.#watch = new SignalWatch({ device });
    return this.#port.settings;
  }

  apply({ settings }: Ask<"apply">): LineSettings | null {
    return this.#open.apply(settings) ? this.#open.settings : null;
  }

  close(): void {
    this.#open.close();
    this.#port = null;
  }

  waiting(): number {
    return this.#open.waiting();
  }

  read(): number[] {
    return readAll(this.#open);
  }

  write({ bytes }: Ask<"write">): number {
    const count = libc.write(this.#open.fd, Uint8Array.from(bytes));
    return count === "would block" ? 0 : count;
  }

  lines(): ModemLines {
    return this.#open.modemLines();
  }

  counters(): LineCounters {
    return present(this.#open.counters(), "the driver's counters");
  }

  watch({ monotonicMs }: Ask<"watch">): Answer<"watch"> {
    const watch = present(this.#watch, "a port");
    const notices = watch.push({
      monotonicMs,
      lines: this.lines(),
      counters: this.counters(),
      goodCharacters: 0,
      badCharacters: 0,
    });
    return { state: watch.state, notices };
  }

  hold({ device }: Ask<"hold">): void {
    this.#held = libc.open(device, O_RDWR | O_NOCTTY | O_NONBLOCK);
  }

  release(): void {
    libc.close(present(this.#held, "a held device"));
    this.#held = null;
  }

  setPins({ raise = [], lower = [] }: Ask<"setPins">): void {
    const fd = present(this.#held, "a held device");
    libc.ioctl(fd, TIOCMBIC, bitsOf(lower));
    libc.ioctl(fd, TIOCMBIS, bitsOf(raise));
  }

  capture({ device }: Ask<"capture">): void {
    const loop = newLoop(libc);
    const reading = new SerialReading({ libc, loop, device });
    const runs: Run[] = [];
    reading.handler.decode = (read) => {
      const decoded = reading.source.decode(read);
      runs.push(...decoded);
      return decoded;
    };
    this.#capturing = { loop, reading, runs };
  }

  captured(): Capture {
    const { reading: { handler }, runs } = present(this.#capturing, "a source");
    return {
      events: handler.events,
      problems: handler.problems.map(({ message }) => message),
      runs: runs.map(({ bytes, damaged }) => ({ text: new TextDecoder().decode(bytes), damaged })),
    };
  }

  async stopCapture(): Promise<void> {
    const { reading, loop } = present(this.#capturing, "a source");
    await reading.source.stop();
    await loop.stop();
    this.#capturing = null;
  }

  get #open(): SerialPort {
    return present(this.#port, "a port");
  }
}

function present<T>(value: T | null, what: string): T {
  if (value === null) throw new Error(`use ${what}: there is none`);
  return value;
}

function readAll(port: SerialPort): number[] {
  const bytes: number[] = [];
  const buffer = new Uint8Array(4096);
  for (;;) {
    const count = port.read(buffer);
    if (count === "gone") throw new Error("read: the port is gone");
    if (count === "would block") return bytes;
    bytes.push(...buffer.subarray(0, count));
  }
}

function bitsOf(pins: readonly Pin[]): Uint8Array<ArrayBuffer> {
  const bits = pins.reduce((sum, pin) => sum | pinBits[pin], 0);
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, bits, true);
  return bytes;
}

function errorName(error: unknown): string {
  if (error instanceof SystemError) return error.code;
  return error instanceof Error ? error.name : "unknown";
}

async function answer(probe: Probe, { call, ask }: Question): Promise<Reply> {
  try {
    return { answer: await Reflect.apply(probe[call], probe, [ask]) ?? null };
  } catch (error) {
    return {
      error: errorName(error),
      message: error instanceof Error ? error.message : `${error}`,
    };
  }
}

function say(line: string): void {
  const bytes = new TextEncoder().encode(`${line}\n`);
  for (let sent = 0; sent < bytes.length;) sent += Deno.stdout.writeSync(bytes.subarray(sent));
}

const probe = new Probe();
say(probeGreeting);
let unread = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (unread + text).split("\n");
  unread = lines.pop() ?? "";
  for (const line of lines) say(JSON.stringify(await answer(probe, JSON.parse(line))));
}
