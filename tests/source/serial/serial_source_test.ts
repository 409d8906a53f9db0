import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readdirSync } from "node:fs";
import { systemClock } from "../../../src/platform/clock.ts";
import { Libc } from "../../../src/platform/libc.ts";
import { SystemError } from "../../../src/platform/system_error.ts";
import { PseudoTerminal } from "../../../src/simulate/pseudo_terminal.ts";
import type { WantedSettings } from "../../../src/source/serial/line_settings.ts";
import { SerialSource } from "../../../src/source/serial/serial_source.ts";
import { ModemLibc } from "../../support/modem_libc.ts";
import { RecordingHandler } from "../../support/recording_handler.ts";
import {
  atOnce,
  hopelessBackoff,
  newLoop,
  pattern,
  SerialReading,
  usualLine,
} from "../../support/serial_reading.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { waitFor } from "../../support/wait_for.ts";

const CTS = 0x20;
const DSR = 0x100;

Deno.test("every byte arrives unchanged and in order, those that waited before the start first", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await terminal.write(pattern(3000));
  await using loop = newLoop(libc);
  await using reading = new SerialReading({ libc, loop, device: terminal.path });
  await terminal.write(pattern(100_000).subarray(3000));
  assert.ok((await reading.received(100_000)).equals(pattern(100_000)));
  assert.deepEqual(reading.handler.events, ["opened 9600 8N1"]);
});

Deno.test("a hang-up is noticed at once, after the bytes before it, and the port is closed", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await using loop = newLoop(libc);
  await using reading = new SerialReading({ libc, loop, device: terminal.path });
  await reading.event("opened", 1);
  await terminal.write(pattern(500));
  await reading.received(500);
  terminal.unplug();
  await reading.event("closed", 1, atOnce);
  const open = readdirSync("/proc/self/fd").map((fd) => linkOf(libc, `/proc/self/fd/${fd}`));
  assert.deepEqual(open.filter((path) => path.startsWith(terminal.path)), []);
});

function linkOf(libc: Libc, path: string): string {
  try {
    return libc.readLink(path);
  } catch (error) {
    if (error instanceof SystemError && error.code === "ENOENT") return "";
    throw error;
  }
}

for (const way of ["hasRoom", "accepts"] as const) {
  const how = way === "hasRoom" ? "has no room" : "refuses bytes";
  Deno.test(`a handler that ${how} is left alone until resume(), and no byte is lost`, async () => {
    using libc = new Libc();
    using terminal = new PseudoTerminal({ libc });
    using otherTerminal = new PseudoTerminal({ libc });
    await using loop = newLoop(libc);
    await using reading = new SerialReading({ libc, loop, device: terminal.path });
    await using other = new SerialReading({ libc, loop, device: otherTerminal.path });
    await reading.event("opened", 1);
    const { handler } = reading;
    for (let round = 1; round <= 3; round++) {
      handler[way] = false;
      const calls = (): number => handler.reads + handler.turnedAway;
      const before = calls();
      await terminal.write(pattern(1000, 2 * round));
      await waitFor("a refusal", () => calls() === before + 1);
      await terminal.write(pattern(1000, 2 * round + 1));
      for (let i = 0; i < 3; i++) {
        await otherTerminal.write(Uint8Array.of(i));
        await other.received(other.handler.received.length + 1);
      }
      assert.equal(calls(), before + 1);
      handler[way] = true;
      reading.source.resume();
      await reading.received(2000 * round);
    }
    const all = Buffer.concat([2, 3, 4, 5, 6, 7].map((seed) => pattern(1000, seed)));
    assert.ok(handler.received.equals(all));
  });
}

Deno.test("a device that goes while its handler refuses is told as gone on resume()", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await using loop = newLoop(libc);
  await using reading = new SerialReading({ libc, loop, device: terminal.path });
  reading.handler.accepts = false;
  await terminal.write(pattern(10));
  await reading.received(10);
  terminal.unplug();
  reading.handler.accepts = true;
  reading.source.resume();
  await reading.event("closed", 1, atOnce);
});

/** Nothing can be read into its room. */
class FailingHandler extends RecordingHandler {
  fails = true;
  readonly errors: unknown[] = [];

  constructor(readonly fault: () => Error) {
    super();
  }

  override room(length: number): Uint8Array<ArrayBuffer> | null {
    if (this.fails) throw this.fault();
    return super.room(length);
  }

  override broke(error: unknown): void {
    this.errors.push(error);
  }
}

Deno.test("an error of one port's own code is told to its owner once, and touches no other", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using otherTerminal = new PseudoTerminal({ libc });
  await using loop = newLoop(libc);
  const handler = new FailingHandler(() => new TypeError("undefined is not a record"));
  await using _failing = new SerialReading({ libc, loop, device: terminal.path, handler });
  await using other = new SerialReading({ libc, loop, device: otherTerminal.path });
  await terminal.write(pattern(100));
  await waitFor("the error", () => handler.errors.length > 0);
  await otherTerminal.write(pattern(100));
  await other.received(100);
  assert.deepEqual(handler.errors.map(String), ["TypeError: undefined is not a record"]);
  assert.equal(handler.count("opened"), 1, "nobody else opens it again");
});

Deno.test("a port whose reading the system refuses touches no other, and is tried again", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using otherTerminal = new PseudoTerminal({ libc });
  await using loop = newLoop(libc);
  const handler = new FailingHandler(() => new SystemError("read", "fd 5", 5));
  const backoff = { initialMs: 10, maxMs: 20, exponential: true };
  const device = terminal.path;
  await using failing = new SerialReading({ libc, loop, device, handler, backoff });
  await using other = new SerialReading({ libc, loop, device: otherTerminal.path });
  await terminal.write(pattern(100));
  await waitFor("three attempts", () => handler.count("opened") >= 3);
  await otherTerminal.write(pattern(100));
  await other.received(100);
  const [problem] = handler.problems;
  assert.equal(problem?.kind, "failed");
  assert.equal(problem?.message, `read ${device}: read: fd 5: EIO`);
  handler.fails = false;
  assert.ok((await failing.received(100)).equals(pattern(100)));
});

Deno.test("stop() hands over what waits in the kernel, and gives the device back", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await using loop = newLoop(libc, 250);
  const before = terminal.settings();
  await using reading = new SerialReading({ libc, loop, device: terminal.path, wanted: slow });
  await terminal.write(pattern(10));
  await reading.received(10);
  assert.equal(terminal.settings().baud, 300);
  // The loop gathers for a quarter of a second now.
  await terminal.write(pattern(2000).subarray(10));
  await waitFor("bytes that wait", () => terminal.unread() === marked(pattern(2000).subarray(10)));
  await reading.source.stop();
  assert.ok(reading.handler.received.equals(pattern(2000)));
  assert.equal(terminal.settings().baud, before.baud);
  assert.deepEqual(reading.handler.events, ["opened 300 8N2"]);
});

/** How many bytes a port with marks hands out for them: an FF is doubled. */
function marked(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum + (byte === 0xff ? 2 : 1), 0);
}

const slow: WantedSettings = {
  baudRate: 300,
  frame: { dataBits: 8, parity: "none", stopBits: 2 },
  flowControl: false,
};

Deno.test("stop() of a refused source leaves in the kernel what was not read", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await using loop = newLoop(libc);
  const first = new SerialReading({ libc, loop, device: terminal.path });
  first.handler.accepts = false;
  await terminal.write(pattern(10));
  await first.received(10);
  await terminal.write(pattern(500).subarray(10));
  await waitFor("bytes that wait", () => terminal.unread() === marked(pattern(500).subarray(10)));
  await first.source.stop();
  await using second = new SerialReading({ libc, loop, device: terminal.path });
  const received = Buffer.concat([first.handler.received, await second.received(490)]);
  assert.ok(received.equals(pattern(500)));
});

Deno.test("stop() does not wait for the backoff of a device that is missing", async () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  await using loop = newLoop(libc);
  const reading = new SerialReading({ libc, loop, device: folder.join("port0") });
  await reading.event("missing", 1);
  const startMs = performance.now();
  await reading.source.stop();
  assert.ok(performance.now() - startMs < 1000);
});

Deno.test("a port that is to be detected opens with what worked last", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await using loop = newLoop(libc);
  const handler = new RecordingHandler();
  await using source = new SerialSource({
    device: terminal.path,
    wanted: { baudRate: "detect", frame: "detect", flowControl: "detect" },
    remembered: { baudRate: 31_250, dataBits: 8, parity: "none", stopBits: 1, flowControl: true },
    detection: { baudRates: [9600], minBytes: 50 },
    backoff: hopelessBackoff,
    libc,
    loop,
    clock: systemClock,
    report: () => {},
  });
  source.start(handler);
  await waitFor("opened", () => handler.count("detecting") === 1);
  assert.deepEqual(handler.events, ["detecting listening at 31250 8N1 RTS/CTS"]);
  assert.equal(terminal.settings().baud, 31_250);
});

Deno.test("a cable that is pulled is told from a quiet line, and so is its return", async () => {
  using libc = new ModemLibc();
  using terminal = new PseudoTerminal({ libc });
  await using loop = newLoop(libc);
  libc.lineBits = DSR | CTS;
  await using reading = new SerialReading({ libc, loop, device: terminal.path });
  await waitFor("a look at the lines", () => libc.looks > 0);
  libc.lineBits = 0;
  await reading.event("no signal", 1, { timeoutMs: 10_000 });
  libc.lineBits = DSR | CTS;
  await reading.event("signal", 1, { timeoutMs: 10_000 });
  assert.deepEqual(reading.handler.events, ["opened 9600 8N1", "no signal", "signal"]);
  const kinds = reading.notices.map(({ kind }) => kind);
  assert.deepEqual(kinds, ["signal_lost", "signal_detected"]);
});

Deno.test("overruns that the driver counted are told, and characters that arrived damaged", async () => {
  using libc = new ModemLibc();
  using terminal = new PseudoTerminal({ libc });
  await using loop = newLoop(libc);
  libc.counters = [0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0];
  await using reading = new SerialReading({ libc, loop, device: terminal.path });
  await waitFor("a look at the counters", () => libc.looks > 0);
  libc.counters = [0, 0, 0, 0, 200, 0, 2, 3, 0, 0, 0];
  await waitFor("both notices", () => reading.notices.length === 2, { timeoutMs: 10_000 });
  assert.deepEqual(reading.notices.map(({ kind, level }) => `${kind} ${level}`).sort(), [
    "line_errors warning",
    "overrun error",
  ]);
});

Deno.test("RTS/CTS is used from the first overrun on, where it is not configured, and nothing read is lost", async () => {
  using libc = new ModemLibc();
  using terminal = new PseudoTerminal({ libc });
  await using loop = newLoop(libc);
  libc.counters = [0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0];
  const wanted = { ...usualLine, flowControl: "detect" } as const;
  await using reading = new SerialReading({ libc, loop, device: terminal.path, wanted });
  await waitFor("a look at the counters", () => libc.looks > 0);
  assert.equal(reading.source.settings?.flowControl, false);
  await terminal.write(pattern(1000));
  libc.counters = [0, 0, 0, 0, 200, 0, 0, 2, 0, 0, 0];
  await reading.event("opened 9600 8N1 RTS/CTS", 1, { timeoutMs: 10_000 });
  assert.equal(reading.source.settings?.flowControl, true);
  await terminal.write(pattern(2000).subarray(1000));
  assert.ok((await reading.received(2000)).equals(pattern(2000)));
  const kinds = reading.notices.map(({ kind }) => kind);
  assert.deepEqual(kinds.filter((kind) => kind !== "line_mismatch"), [
    "overrun",
    "flow_control_used",
  ]);
  const CRTSCTS = 0x80000000;
  assert.notEqual((terminal.settings().flags.control & CRTSCTS) >>> 0, 0, "the port is set so");
});
