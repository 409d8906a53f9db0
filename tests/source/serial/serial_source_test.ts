import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { systemClock } from "../../../src/platform/clock.ts";
import { Libc, SystemError } from "../../../src/platform/libc.ts";
import { PseudoTerminal } from "../../../src/simulate/pseudo_terminal.ts";
import type { WantedSettings } from "../../../src/source/serial/line_settings.ts";
import { PollLoop } from "../../../src/source/serial/poll_loop.ts";
import { SerialSource } from "../../../src/source/serial/serial_source.ts";
import { RecordingHandler } from "../../support/recording_handler.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { waitFor } from "../../support/wait_for.ts";

const wanted: WantedSettings = {
  baudRate: 9600,
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  flowControl: false,
};

/** So long that whatever comes back in a test did not come back by waiting. */
const backoff = { initialMs: 60_000, maxMs: 60_000, exponential: true };

const atOnce = { timeoutMs: 1000 };
const promised = { timeoutMs: 2000 };

/** A started source, and what it told. */
class Reading implements AsyncDisposable {
  readonly handler = new RecordingHandler();
  readonly source: SerialSource;

  constructor(options: {
    readonly libc: Libc;
    readonly loop: PollLoop;
    readonly device: string;
    readonly wanted?: WantedSettings;
  }) {
    this.source = new SerialSource({
      wanted,
      ...options,
      remembered: undefined,
      backoff,
      clock: systemClock,
    });
    this.source.start(this.handler);
  }

  async event(name: string, count: number, options = promised): Promise<void> {
    const { handler } = this;
    await waitFor(`${name}, ${count} times`, () => handler.count(name) === count, options);
  }

  async received(length: number): Promise<Buffer> {
    const { handler } = this;
    await waitFor(`${length} bytes`, () => handler.received.length >= length);
    return handler.received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source.stop();
  }
}

function newLoop(libc: Libc, gatherMs = 2): PollLoop {
  return new PollLoop({ libc, clock: systemClock, gatherMs });
}

/** Bytes in which a lost, doubled or swapped stretch shows. */
function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8) * 13 + seed) & 0xff);
}

Deno.test("every byte arrives unchanged and in order, those that waited before the start first", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await terminal.write(pattern(3000));
  await using loop = newLoop(libc);
  await using reading = new Reading({ libc, loop, device: terminal.path });
  await terminal.write(pattern(100_000).subarray(3000));
  assert.ok((await reading.received(100_000)).equals(pattern(100_000)));
  assert.deepEqual(reading.handler.events, ["opened 9600 8N1"]);
});

Deno.test("a hang-up is noticed at once, after the bytes before it, and the port is closed", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await using loop = newLoop(libc);
  await using reading = new Reading({ libc, loop, device: terminal.path });
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

Deno.test("a device that comes back under its link is open again within 2 s, time after time", async () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  const link = folder.join("usb-FTDI-port0");
  await using loop = newLoop(libc);
  await using reading = new Reading({ libc, loop, device: link });
  await reading.event("missing", 1);
  for (let round = 1; round <= 20; round++) {
    using terminal = new PseudoTerminal({ libc, link });
    await reading.event("opened", round);
    await terminal.write(pattern(100, round));
    await reading.received(round * 100);
    terminal.unplug();
    await reading.event("closed", round);
  }
  const all = Buffer.concat(Array.from({ length: 20 }, (_, i) => pattern(100, i + 1)));
  assert.ok(reading.handler.received.equals(all));
});

Deno.test("a link that is moved to another device while the first hangs up is followed", async () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  const link = folder.join("usb-FTDI-port0");
  await using loop = newLoop(libc);
  using first = new PseudoTerminal({ libc, link });
  await using reading = new Reading({ libc, loop, device: link });
  await reading.event("opened", 1);
  using second = new PseudoTerminal({ libc, link });
  first.unplug();
  await reading.event("opened", 2);
  await second.write(pattern(10));
  await reading.received(10);
  assert.equal(reading.handler.count("closed"), 1);
});

Deno.test("a folder that is missing at the start may appear later, level by level", async () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  await using loop = newLoop(libc);
  await using reading = new Reading({ libc, loop, device: folder.join("serial/by-id/port0") });
  await reading.event("missing", 1);
  mkdirSync(folder.join("serial"));
  await loopRound(loop);
  mkdirSync(folder.join("serial/by-id"));
  await loopRound(loop);
  using _terminal = new PseudoTerminal({ libc, link: folder.join("serial/by-id/port0") });
  await reading.event("opened", 1);
});

Deno.test("folders and device that appear all at once are found", async () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  await using loop = newLoop(libc);
  await using reading = new Reading({ libc, loop, device: folder.join("serial/by-id/port0") });
  await reading.event("missing", 1);
  mkdirSync(folder.join("serial/by-id"), { recursive: true });
  using _terminal = new PseudoTerminal({ libc, link: folder.join("serial/by-id/port0") });
  await reading.event("opened", 1);
});

/** Makes a folder right after it was found to be missing, as udev may. */
class RacingLibc extends Libc {
  madeMeanwhile: string | null = null;

  override watchFolder(inotify: number, folder: string, events: number): void {
    const make = folder === this.madeMeanwhile;
    this.madeMeanwhile = make ? null : this.madeMeanwhile;
    try {
      super.watchFolder(inotify, folder, events);
    } finally {
      if (make) mkdirSync(folder);
    }
  }
}

Deno.test("a folder that appears between two looks is watched all the same", async () => {
  using libc = new RacingLibc();
  using folder = new TemporaryFolder();
  libc.madeMeanwhile = folder.join("by-id");
  await using loop = newLoop(libc);
  await using reading = new Reading({ libc, loop, device: folder.join("by-id/port0") });
  await reading.event("missing", 1);
  using _terminal = new PseudoTerminal({ libc, link: folder.join("by-id/port0") });
  await reading.event("opened", 1);
});

Deno.test("a folder that goes with its device and comes back with it is found again", async () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  const link = folder.join("by-id/port0");
  await using loop = newLoop(libc);
  mkdirSync(folder.join("by-id"));
  using first = new PseudoTerminal({ libc, link });
  await using reading = new Reading({ libc, loop, device: link });
  await reading.event("opened", 1);
  first.unplug();
  Deno.removeSync(folder.join("by-id"));
  await reading.event("missing", 1);
  mkdirSync(folder.join("by-id"));
  await loopRound(loop);
  using _second = new PseudoTerminal({ libc, link });
  await reading.event("opened", 2);
});

/** Waits until the loop has come round, and so has seen what changed before the call. */
async function loopRound(loop: PollLoop): Promise<void> {
  const before = loop.progressMs;
  await waitFor("the loop to come round", () => loop.progressMs > before);
}

/** Refuses a device until it is allowed, as permissions do to a user who is not root. */
class DenyingLibc extends Libc {
  denied: string | null = null;

  override open(path: string, flags: number, mode?: number): number {
    if (path === this.denied) throw new SystemError("open", path, 13);
    return super.open(path, flags, mode);
  }
}

Deno.test("a device whose permissions are mended is opened then", async () => {
  using libc = new DenyingLibc();
  using terminal = new PseudoTerminal({ libc });
  libc.denied = terminal.path;
  await using loop = newLoop(libc);
  await using reading = new Reading({ libc, loop, device: terminal.path });
  await reading.event("no_permission", 1);
  libc.denied = null;
  chmodSync(terminal.path, 0o660);
  await reading.event("opened", 1);
});

Deno.test("a problem is told once, not at every attempt, and again when it is another one", async () => {
  using libc = new DenyingLibc();
  using folder = new TemporaryFolder();
  const link = folder.join("port0");
  await using loop = newLoop(libc);
  await using reading = new Reading({ libc, loop, device: link });
  await reading.event("missing", 1);
  for (let i = 0; i < 3; i++) {
    Deno.writeTextFileSync(folder.join(`other${i}`), "");
    await loopRound(loop);
  }
  libc.denied = link;
  using _terminal = new PseudoTerminal({ libc, link });
  await reading.event("no_permission", 1);
  assert.deepEqual(reading.handler.events, ["missing", "no_permission"]);
});

Deno.test("other ports get every byte while one is unplugged again and again", async () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  const link = folder.join("port0");
  await using loop = newLoop(libc);
  using steady = new PseudoTerminal({ libc });
  await using flapping = new Reading({ libc, loop, device: link });
  await using reading = new Reading({ libc, loop, device: steady.path });
  const writing = steady.write(pattern(200_000));
  for (let round = 1; round <= 15; round++) {
    using terminal = new PseudoTerminal({ libc, link });
    await flapping.event("opened", round);
    terminal.unplug();
    await flapping.event("closed", round);
  }
  await writing;
  assert.ok((await reading.received(200_000)).equals(pattern(200_000)));
  assert.deepEqual(reading.handler.events, ["opened 9600 8N1"]);
});

for (const way of ["hasRoom", "accepts"] as const) {
  const how = way === "hasRoom" ? "has no room" : "refuses bytes";
  Deno.test(`a handler that ${how} is left alone until resume(), and no byte is lost`, async () => {
    using libc = new Libc();
    using terminal = new PseudoTerminal({ libc });
    using otherTerminal = new PseudoTerminal({ libc });
    await using loop = newLoop(libc);
    await using reading = new Reading({ libc, loop, device: terminal.path });
    await using other = new Reading({ libc, loop, device: otherTerminal.path });
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
  await using reading = new Reading({ libc, loop, device: terminal.path });
  reading.handler.accepts = false;
  await terminal.write(pattern(10));
  await reading.received(10);
  terminal.unplug();
  reading.handler.accepts = true;
  reading.source.resume();
  await reading.event("closed", 1, atOnce);
});

Deno.test("stop() hands over what waits in the kernel, and gives the device back", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await using loop = newLoop(libc, 250);
  const before = terminal.settings();
  await using reading = new Reading({ libc, loop, device: terminal.path, wanted: slow });
  await terminal.write(pattern(10));
  await reading.received(10);
  assert.equal(terminal.settings().baud, 300);
  // The loop gathers for a quarter of a second now.
  await terminal.write(pattern(2000).subarray(10));
  await waitFor("bytes that wait", () => terminal.unread() === 1990);
  await reading.source.stop();
  assert.ok(reading.handler.received.equals(pattern(2000)));
  assert.equal(terminal.settings().baud, before.baud);
  assert.deepEqual(reading.handler.events, ["opened 300 7E2"]);
});

const slow: WantedSettings = {
  baudRate: 300,
  dataBits: 7,
  parity: "even",
  stopBits: 2,
  flowControl: false,
};

Deno.test("stop() of a refused source leaves in the kernel what was not read", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await using loop = newLoop(libc);
  const first = new Reading({ libc, loop, device: terminal.path });
  first.handler.accepts = false;
  await terminal.write(pattern(10));
  await first.received(10);
  await terminal.write(pattern(500).subarray(10));
  await waitFor("bytes that wait", () => terminal.unread() === 490);
  await first.source.stop();
  await using second = new Reading({ libc, loop, device: terminal.path });
  const received = Buffer.concat([first.handler.received, await second.received(490)]);
  assert.ok(received.equals(pattern(500)));
});

Deno.test("stop() does not wait for the backoff of a device that is missing", async () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  await using loop = newLoop(libc);
  const reading = new Reading({ libc, loop, device: folder.join("port0") });
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
    wanted: { ...wanted, baudRate: "detect", flowControl: "detect" },
    remembered: { ...wanted, baudRate: 31_250, flowControl: true },
    backoff,
    libc,
    loop,
    clock: systemClock,
  });
  source.start(handler);
  await waitFor("opened", () => handler.count("opened") === 1);
  assert.deepEqual(handler.events, ["opened 31250 8N1 RTS/CTS"]);
  assert.equal(terminal.settings().baud, 31_250);
});
