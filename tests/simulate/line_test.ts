import assert from "node:assert/strict";
import { Libc } from "../../src/platform/libc.ts";
import { Line } from "../../src/simulate/line.ts";
import { INPCK, PARMRK } from "../../src/simulate/marks.ts";
import { PseudoTerminal } from "../../src/simulate/pseudo_terminal.ts";
import type { UartSettings } from "../../src/simulate/uart.ts";
import { TerminalReader } from "../support/terminal_reader.ts";

const settings: UartSettings = { baud: 9600, dataBits: 8, parity: "none", stopBits: 1 };
const allBytes = Uint8Array.from({ length: 256 }, (_, value) => value);
const inputFlags = PARMRK | INPCK;

Deno.test("a reader at the right settings gets every byte, with FF doubled under PARMRK", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using reader = new TerminalReader(libc, terminal.path);
  reader.set({ inputFlags, baud: 9600 });
  const line = new Line({ terminal, settings, clockErrorPpm: -15_000 });
  assert.equal(await line.send(allBytes), 256);
  assert.deepEqual(await reader.takeUntil(257), [...allBytes, 0xff]);
});

Deno.test("a break reaches the reader as FF 00 00", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using reader = new TerminalReader(libc, terminal.path);
  reader.set({ inputFlags, baud: 9600 });
  const line = new Line({ terminal, settings });
  await Promise.all([
    line.send(Uint8Array.of(0x41)),
    line.sendBreak(250),
    line.send(Uint8Array.of(0x42)),
  ]);
  assert.deepEqual(await reader.takeUntil(5), [0x41, 0xff, 0, 0, 0x42]);
});

Deno.test("a reader that sets another speed gets garbage until it sets the right one", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using reader = new TerminalReader(libc, terminal.path);
  const line = new Line({ terminal, settings, clockErrorPpm: 5000 });
  reader.set({ inputFlags, baud: 76_800 });
  await line.send(new TextEncoder().encode("555-555-0142\r\n"));
  await reader.takeUntil(20);
  while (reader.take() > 0);
  const unmarked = reader.received.filter((byte) => byte !== 0xff);
  assert.ok(unmarked.every((byte) => byte === 0x00 || byte === 0x80), "eight times too fast");
  const before = reader.received.length;
  reader.set({ inputFlags, baud: 9600 });
  await line.send(new TextEncoder().encode("555-555-0142\r\n"));
  const text = (await reader.takeUntil(before + 14)).slice(before);
  assert.equal(new TextDecoder().decode(Uint8Array.from(text)), "555-555-0142\r\n");
});

Deno.test("the receiver's data bits and parity are the caller's to say", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using reader = new TerminalReader(libc, terminal.path);
  reader.set({ inputFlags, baud: 9600 });
  let parity: UartSettings["parity"] = "odd";
  const line = new Line({
    terminal,
    settings: { ...settings, dataBits: 7, parity: "even" },
    receiverFraming: () => ({ dataBits: 7, parity }),
  });
  await line.send(Uint8Array.of(0x41));
  assert.deepEqual(await reader.takeUntil(3), [0xff, 0, 0x41]);
  parity = "even";
  await line.send(Uint8Array.of(0x42));
  assert.deepEqual(await reader.takeUntil(4), [0xff, 0, 0x41, 0x42]);
});

Deno.test("on a paced line each byte arrives when its speed lets it, not earlier or later", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using reader = new TerminalReader(libc, terminal.path);
  reader.set({ inputFlags, baud: 9600 });
  let nowMs = 0;
  const arriveInTime = async (): Promise<void> => {
    const due = Math.round(nowMs * 9600 / 10_000);
    assert.equal((await reader.takeUntil(due)).length, due, `after ${nowMs} ms`);
  };
  const line = new Line({
    terminal,
    settings,
    paced: true,
    clock: {
      wallMs: () => nowMs,
      monotonicMs: () => nowMs,
      delay: async (ms) => {
        await arriveInTime();
        nowMs += ms;
      },
    },
  });
  await line.send(new Uint8Array(96));
  await line.send(new Uint8Array(96));
  assert.equal(Math.round(nowMs), 200);
  await arriveInTime();
});

Deno.test("an unplugged line takes nothing", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  const line = new Line({ terminal, settings });
  const send = line.send(new Uint8Array(100_000));
  await new Promise((resolve) => setTimeout(resolve, 5));
  terminal.unplug();
  assert.ok(await send < 100_000);
  assert.equal(await line.send(allBytes), 0);
});

Deno.test("with onOverrun a line does not wait for its reader and tells what is lost", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using reader = new TerminalReader(libc, terminal.path);
  reader.set({ baud: 9600 });
  let lost = 0;
  const line = new Line({ terminal, settings, onOverrun: (bytes) => lost += bytes });
  assert.equal(await line.send(new Uint8Array(30_000)), 30_000);
  assert.ok(lost > 0);
  assert.equal((await reader.takeUntil(30_000 - lost)).length, 30_000 - lost);
});
