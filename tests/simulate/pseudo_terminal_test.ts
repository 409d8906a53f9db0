import assert from "node:assert/strict";
import { existsSync, readlinkSync } from "node:fs";
import { Libc, POLLHUP, POLLIN } from "../../src/platform/libc.ts";
import { SystemError } from "../../src/platform/system_error.ts";
import { PseudoTerminal } from "../../src/simulate/pseudo_terminal.ts";
import { TerminalReader } from "../support/terminal_reader.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";

const CS7 = 0x20;
const CS8 = 0x30;
const CSTOPB = 0x40;
const CREAD = 0x80;
const PARENB = 0x100;

const allBytes = Uint8Array.from({ length: 256 }, (_, value) => value);

Deno.test("every byte value arrives unchanged at a reader that set nothing", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using reader = new TerminalReader(libc, terminal.path);
  assert.equal(await terminal.write(allBytes), 256);
  assert.deepEqual(await reader.takeUntil(256), [...allBytes]);
  assert.deepEqual([...terminal.read()], [], "nothing is echoed");
});

Deno.test("what is sent before, between and after two readers waits for the next one", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await terminal.write(allBytes);
  {
    using first = new TerminalReader(libc, terminal.path);
    await waitFor("the first ten bytes", () => first.take(10) > 0);
    assert.deepEqual(first.received, [...allBytes.subarray(0, 10)]);
  }
  await terminal.write(Uint8Array.of(1, 2, 3));
  using second = new TerminalReader(libc, terminal.path);
  assert.deepEqual(await second.takeUntil(249), [...allBytes.subarray(10), 1, 2, 3]);
});

Deno.test("writes beyond what the kernel buffers wait, and keep their order", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  const blocks = [1, 2, 3].map((value) => new Uint8Array(20_000).fill(value));
  const writes = Promise.all(blocks.map((block) => terminal.write(block)));
  using reader = new TerminalReader(libc, terminal.path);
  const received = await reader.takeUntil(60_000);
  assert.deepEqual(await writes, [20_000, 20_000, 20_000]);
  assert.deepEqual(received, blocks.flatMap((block) => [...block]));
});

Deno.test("unplug() ends a waiting write, which tells how much was taken", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  const write = terminal.write(new Uint8Array(100_000));
  const behind = terminal.write(Uint8Array.of(1));
  await new Promise((resolve) => setTimeout(resolve, 0));
  terminal.unplug();
  const taken = await write;
  assert.ok(taken > 0 && taken < 100_000, `${taken}`);
  assert.equal(await behind, 0);
});

Deno.test("an aborted write ends, and the next one goes on", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  const abort = new AbortController();
  const write = terminal.write(new Uint8Array(100_000), abort.signal);
  abort.abort();
  const taken = await write;
  using reader = new TerminalReader(libc, terminal.path);
  const next = terminal.write(Uint8Array.of(7));
  assert.equal((await reader.takeUntil(taken + 1)).at(-1), 7);
  assert.equal(await next, 1);
});

Deno.test("unplug() gives the reader a hang-up, end of file and EIO", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using reader = new TerminalReader(libc, terminal.path);
  terminal.unplug();
  const pollfds = new Uint8Array(8);
  const view = new DataView(pollfds.buffer);
  view.setInt32(0, reader.fd, true);
  view.setInt16(4, POLLIN, true);
  assert.equal(await libc.poll(pollfds, 5_000), 1);
  assert.equal(view.getInt16(6, true) & POLLHUP, POLLHUP);
  assert.equal(libc.read(reader.fd, new Uint8Array(10)), 0);
  assert.throws(
    () => libc.ioctl(reader.fd, 0x802c542a, new Uint8Array(44)),
    (error) => error instanceof SystemError && error.code === "EIO",
  );
});

Deno.test("the link points to the newest terminal and goes with it", () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  const link = folder.join("usb-FTDI_FT232R-if00-port0");
  using first = new PseudoTerminal({ libc, link });
  assert.equal(readlinkSync(link), first.path);
  using second = new PseudoTerminal({ libc, link });
  assert.equal(readlinkSync(link), second.path);
  first.unplug();
  assert.equal(readlinkSync(link), second.path, "a name taken over is left alone");
  second.unplug();
  assert.ok(!existsSync(link));
});

Deno.test("settings() shows the speed and stop bits that the reader sets", () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using reader = new TerminalReader(libc, terminal.path);
  assert.equal(terminal.settings().stopBits, 1);
  reader.set({ inputFlags: 0x18, baud: 31_250, controlFlags: CS7 | PARENB | CSTOPB | CREAD });
  const settings = terminal.settings();
  assert.equal(settings.baud, 31_250);
  assert.equal(settings.stopBits, 2);
  assert.equal(settings.flags.input, 0x18);
  assert.equal(
    settings.flags.control & (CS8 | PARENB),
    CS8,
    "seven bits and parity stay invisible",
  );
});

Deno.test("read() returns what the reader answers", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using reader = new TerminalReader(libc, terminal.path);
  libc.write(reader.fd, Uint8Array.of(0x06, 0x15));
  const answer: number[] = [];
  await waitFor("ACK and NAK", () => {
    answer.push(...terminal.read());
    return answer.length === 2;
  });
  assert.deepEqual(answer, [0x06, 0x15]);
});

Deno.test("with PARMRK, write() doubles FF and writeMarked() leaves marks as they are", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using reader = new TerminalReader(libc, terminal.path);
  reader.set({ inputFlags: 0x18 });
  await terminal.write(Uint8Array.of(0x41, 0xff));
  await reader.takeUntil(3);
  await terminal.writeMarked(Uint8Array.of(0xff, 0x00, 0x41, 0xff, 0xff, 0xff, 0x00, 0x00));
  await reader.takeUntil(11);
  await terminal.write(Uint8Array.of(0xff));
  const marks = [0xff, 0x00, 0x41, 0xff, 0xff, 0xff, 0x00, 0x00];
  assert.deepEqual(await reader.takeUntil(13), [0x41, 0xff, 0xff, ...marks, 0xff, 0xff]);
});

Deno.test("unread() falls to 0 when the reader has taken everything", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await terminal.write(new Uint8Array(9000));
  await waitFor("bytes that wait", () => terminal.unread() > 4000);
  using reader = new TerminalReader(libc, terminal.path);
  await reader.takeUntil(9000);
  assert.equal(terminal.unread(), 0);
});

Deno.test("TIOCEXCL stays when its taker closes, until releaseExclusive()", () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  const isExclusive = (): boolean => {
    using reader = new TerminalReader(libc, terminal.path);
    const answer = new Uint8Array(4);
    libc.ioctl(reader.fd, 0x80045440, answer);
    return answer[0] === 1;
  };
  {
    using reader = new TerminalReader(libc, terminal.path);
    libc.ioctl(reader.fd, 0x540c, null);
  }
  // Only root can open it to look.
  if (Deno.uid() === 0) assert.equal(isExclusive(), true);
  terminal.releaseExclusive();
  assert.equal(isExclusive(), false);
});

Deno.test("offerMarked() takes what there is room for and waits for nothing", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using reader = new TerminalReader(libc, terminal.path);
  const taken = terminal.offerMarked(new Uint8Array(30_000));
  assert.ok(taken > 4095 && taken < 30_000, `${taken}`);
  assert.equal((await reader.takeUntil(taken)).length, taken);
  terminal.unplug();
  assert.equal(terminal.offerMarked(Uint8Array.of(1)), 0);
});

Deno.test("takeBack() takes what waits away from the reader, and counts it", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using reader = new TerminalReader(libc, terminal.path);
  await terminal.write(Uint8Array.of(1, 2, 3));
  await waitFor("three bytes to wait", () => terminal.unread() === 3);
  assert.equal(terminal.takeBack(), 3);
  assert.equal(terminal.takeBack(), 0);
  await terminal.write(Uint8Array.of(4));
  assert.deepEqual(await reader.takeUntil(1), [4]);
});

Deno.test("a terminal has the speed it was made with until a reader sets another", () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc, baud: 1200 });
  using reader = new TerminalReader(libc, terminal.path);
  assert.equal(terminal.settings().baud, 1200);
  reader.set({ baud: 9600 });
  assert.equal(terminal.settings().baud, 9600);
});
