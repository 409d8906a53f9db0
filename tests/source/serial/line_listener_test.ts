import assert from "node:assert/strict";
import { defaultDetection } from "../../../src/config/schema.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { Libc } from "../../../src/platform/libc.ts";
import { Line } from "../../../src/simulate/line.ts";
import { PseudoTerminal } from "../../../src/simulate/pseudo_terminal.ts";
import { parseUartSettings } from "../../../src/simulate/uart_settings.ts";
import { deviceHolders } from "../../../src/source/serial/device_holder.ts";
import { LineListener } from "../../../src/source/serial/line_listener.ts";
import { SerialLine } from "../../../src/source/serial/serial_line.ts";
import { PortBusy } from "../../../src/source/serial/serial_port.ts";
import { newLoop } from "../../support/serial_reading.ts";
import { waitFor } from "../../support/wait_for.ts";

const calls = new TextEncoder().encode(
  "N 044 01     DN4521    T001004   06/14 09:12:44 00:03:21.0 915555550142\r\n &5555550142\r\n"
    .repeat(6),
);

function newLine(): SerialLine {
  const { baud_rates, min_bytes_for_valid } = defaultDetection();
  return new SerialLine({ baudRates: baud_rates, minBytes: min_bytes_for_valid });
}

function open(
  libc: Libc,
  terminal: PseudoTerminal,
  line: SerialLine = newLine(),
): Promise<LineListener> {
  return LineListener.open({ libc, clock: systemClock, device: terminal.path, line });
}

Deno.test("a listener sets the port as its line asks, until it is told to stop; then it gives it back", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc, baud: 2400 });
  await using loop = newLoop(libc);
  const line = newLine();
  const stop = new AbortController();
  const listener = await open(libc, terminal, line);
  const heard = (bytes: Uint8Array): void => void line.push({ bytes, timeMs: 0 });
  const ended = listener.listen({ loop, heard, signal: stop.signal });
  const sender = new Line({ terminal, settings: parseUartSettings("19200 7E1"), paced: true });
  await sender.send(calls);
  await waitFor("the settings", () => line.found !== null);
  assert.equal(terminal.settings().baud, 19_200);
  stop.abort();
  assert.equal(await ended, "stopped");
  listener[Symbol.dispose]();
  assert.equal(terminal.settings().baud, 2400);
});

Deno.test("a listener leaves alone what had waited before: it was received at other settings", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await using loop = newLoop(libc);
  await terminal.write(new Uint8Array(3000).fill(0x55));
  await waitFor("bytes that wait", () => terminal.unread() === 3000);
  using listener = await open(libc, terminal);
  assert.equal(listener.waitedBytes, 3000);
  const got: number[] = [];
  const stop = new AbortController();
  const heard = (bytes: Uint8Array): void => void got.push(...bytes);
  const ended = listener.listen({ loop, heard, signal: stop.signal });
  await terminal.write(Uint8Array.of(1, 2, 3));
  await waitFor("three bytes", () => got.length >= 3);
  stop.abort();
  await ended;
  assert.deepEqual(got, [1, 2, 3]);
});

Deno.test("a listener ends when its device goes away, or with the error of whom it tells", async () => {
  using libc = new Libc();
  await using loop = newLoop(libc);
  for (const how of ["unplug", "throw"]) {
    using terminal = new PseudoTerminal({ libc });
    using listener = await open(libc, terminal);
    const heard = (): void => {
      throw new Error("a mistake");
    };
    const signal = new AbortController().signal;
    const ended = listener.listen({ loop, heard, signal });
    if (how === "unplug") terminal.unplug();
    else await terminal.write(Uint8Array.of(1));
    if (how === "unplug") assert.equal(await ended, "gone");
    else await assert.rejects(ended, /a mistake/);
  }
});

/** A machine on which a pseudo-terminal is a port of the kernel's; remembers what was opened. */
class RealPortLibc extends Libc {
  readonly opened: string[] = [];

  override open(path: string, flags: number, mode?: number): number {
    this.opened.push(path);
    return super.open(path, flags, mode);
  }

  override list(path: string): string[] {
    return path.startsWith("/sys/class/tty/") ? [] : super.list(path);
  }
}

Deno.test("a port that another process has open is not opened, though that has not locked it", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using machine = new RealPortLibc();
  (await open(machine, terminal))[Symbol.dispose]();
  assert.ok(machine.opened.splice(0).includes(terminal.path));
  const args = ["-c", 'exec sleep 600 <"$0"', terminal.path];
  const reader = new Deno.Command("sh", { args, stdin: "null" }).spawn();
  try {
    await waitFor("the reader", () => deviceHolders(libc, terminal.path).length > 0);
    await assert.rejects(open(machine, terminal), PortBusy);
    assert.ok(!machine.opened.includes(terminal.path));
  } finally {
    reader.kill("SIGKILL");
    await reader.status;
  }
});
