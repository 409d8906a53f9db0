import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { chmodSync, mkdirSync, renameSync, symlinkSync } from "node:fs";
import { Libc } from "../../../src/platform/libc.ts";
import { SystemError } from "../../../src/platform/system_error.ts";
import { PseudoTerminal } from "../../../src/simulate/pseudo_terminal.ts";
import type { PollLoop } from "../../../src/source/serial/poll_loop.ts";
import { newLoop, pattern, SerialReading } from "../../support/serial_reading.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { waitFor } from "../../support/wait_for.ts";

Deno.test("a device that comes back under its link is open again within 2 s, time after time", async () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  const link = folder.join("usb-FTDI-port0");
  await using loop = newLoop(libc);
  await using reading = new SerialReading({ libc, loop, device: link });
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
  await using reading = new SerialReading({ libc, loop, device: link });
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
  await using reading = new SerialReading({
    libc,
    loop,
    device: folder.join("serial/by-id/port0"),
  });
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
  await using reading = new SerialReading({
    libc,
    loop,
    device: folder.join("serial/by-id/port0"),
  });
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
  await using reading = new SerialReading({ libc, loop, device: folder.join("by-id/port0") });
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
  await using reading = new SerialReading({ libc, loop, device: link });
  await reading.event("opened", 1);
  first.unplug();
  Deno.removeSync(folder.join("by-id"));
  await reading.event("missing", 1);
  mkdirSync(folder.join("by-id"));
  await loopRound(loop);
  using _second = new PseudoTerminal({ libc, link });
  await reading.event("opened", 2);
});

Deno.test("a link that is moved in from another folder is found", async () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  using terminal = new PseudoTerminal({ libc });
  mkdirSync(folder.join("by-id"));
  symlinkSync(terminal.path, folder.join("made"));
  await using loop = newLoop(libc);
  await using reading = new SerialReading({ libc, loop, device: folder.join("by-id/port0") });
  await reading.event("missing", 1);
  renameSync(folder.join("made"), folder.join("by-id/port0"));
  await reading.event("opened", 1);
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
  await using reading = new SerialReading({ libc, loop, device: terminal.path });
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
  await using reading = new SerialReading({ libc, loop, device: link });
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
  await using flapping = new SerialReading({ libc, loop, device: link });
  await using reading = new SerialReading({ libc, loop, device: steady.path });
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

/** A system whose watches are all taken. */
class WatchlessLibc extends Libc {
  override inotify(): number {
    throw new SystemError("inotify_init", "", 24);
  }
}

Deno.test("where the system grants no watch, a device that appears is found by trying again", async () => {
  using libc = new WatchlessLibc();
  using folder = new TemporaryFolder();
  const link = folder.join("port0");
  const backoff = { initialMs: 20, maxMs: 20, exponential: false };
  await using loop = newLoop(libc);
  await using reading = new SerialReading({ libc, loop, device: link, backoff });
  await reading.event("missing", 1);
  using _terminal = new PseudoTerminal({ libc, link });
  await reading.event("opened", 1);
});
