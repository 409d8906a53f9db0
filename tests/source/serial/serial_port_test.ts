import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { Libc } from "../../../src/platform/libc.ts";
import { SystemError } from "../../../src/platform/system_error.ts";
import { PseudoTerminal } from "../../../src/simulate/pseudo_terminal.ts";
import type { LineSettings } from "../../../src/source/serial/line_settings.ts";
import { PortBusy, SerialPort } from "../../../src/source/serial/serial_port.ts";
import { asNobody } from "../../support/effective_user.ts";
import { PortHolder } from "../../support/port_holder.ts";
import { requires, root } from "../../support/requirements.ts";
import { TerminalReader } from "../../support/terminal_reader.ts";
import { waitFor } from "../../support/wait_for.ts";

const settings: LineSettings = {
  baudRate: 9600,
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  flowControl: false,
};
const allBytes = Uint8Array.from({ length: 256 }, (_, value) => value);

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof SystemError && error.code === code;
}

/** Reads until so many bytes have come. */
async function readAll(port: SerialPort, length: number): Promise<number[]> {
  const received: number[] = [];
  const buffer = new Uint8Array(1000);
  await waitFor(`${length} bytes`, () => {
    const count = port.read(buffer);
    if (count === "gone") throw new Error("gone");
    if (count !== "would block") received.push(...buffer.subarray(0, count));
    return received.length >= length;
  });
  return received;
}

Deno.test("every byte value arrives unchanged, FF doubled as a mark, and nothing is echoed", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  const port = SerialPort.open(libc, terminal.path, settings);
  await terminal.write(allBytes);
  assert.deepEqual(await readAll(port, 257), [...allBytes, 0xff]);
  assert.deepEqual([...terminal.read()], []);
  port.close();
});

Deno.test("input that waits before the port is opened, or between two opens, is not lost", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await terminal.write(allBytes);
  await waitFor("bytes that wait", () => terminal.unread() === 256);
  const first = SerialPort.open(libc, terminal.path, { ...settings, baudRate: 1200 });
  assert.equal(first.read(new Uint8Array(1)), 1);
  first.close();
  await terminal.write(Uint8Array.of(7));
  const second = SerialPort.open(libc, terminal.path, { ...settings, parity: "odd" });
  assert.deepEqual(await readAll(second, 256), [...allBytes.subarray(1), 7]);
  second.close();
});

Deno.test("close() gives the settings back as they were found, but leaves DTR up", () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using owner = new TerminalReader(libc, terminal.path);
  const HUPCL = 0x400;
  owner.set({ inputFlags: 0x500, baud: 2400, controlFlags: 0x30 | 0x80 | 0x40 | HUPCL });
  const found = terminal.settings();
  assert.equal(found.flags.control & HUPCL, HUPCL);
  const port = SerialPort.open(libc, terminal.path, settings);
  assert.equal(terminal.settings().baud, 9600);
  assert.equal(terminal.settings().flags.input, 0x18);
  port.close();
  const control = found.flags.control & ~HUPCL;
  assert.deepEqual(terminal.settings(), { ...found, flags: { ...found.flags, control } });
});

Deno.test("a port that this process has open cannot be opened a second time", () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  const port = SerialPort.open(libc, terminal.path, settings);
  // Root passes TIOCEXCL and meets the lock, everybody else meets TIOCEXCL.
  const second = (): SerialPort => SerialPort.open(libc, terminal.path, settings);
  assert.throws(second, Deno.uid() === 0 ? PortBusy : hasCode("EBUSY"));
  port.close();
  second().close();
});

Deno.test("a refused second open leaves the first one's settings alone", () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  const port = SerialPort.open(libc, terminal.path, settings);
  assert.throws(() => SerialPort.open(libc, terminal.path, { ...settings, baudRate: 300 }));
  assert.equal(terminal.settings().baud, 9600);
  port.close();
});

Deno.test("a port that another process holds is busy, until that process is killed", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await using holder = await PortHolder.start(terminal.path);
  const open = (): SerialPort => SerialPort.open(libc, terminal.path, settings);
  assert.throws(open, Deno.uid() === 0 ? PortBusy : hasCode("EBUSY"));
  await holder.kill();
  if (Deno.uid() !== 0) terminal.releaseExclusive();
  open().close();
});

const { test: asRoot } = requires(root);

asRoot("TIOCEXCL keeps other users out while the port is open, and not afterwards", () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  chmodSync(terminal.path, 0o666);
  const open = (): SerialPort => SerialPort.open(libc, terminal.path, settings);
  const port = open();
  assert.throws(() => asNobody(open), hasCode("EBUSY"));
  port.close();
  asNobody(open).close();
});

asRoot("a device whose permissions exclude the user is refused with EACCES", () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  chmodSync(terminal.path, 0o600);
  assert.throws(
    () => asNobody(() => SerialPort.open(libc, terminal.path, settings)),
    hasCode("EACCES"),
  );
});

Deno.test("waiting() tells how much can be read, and read() when nothing waits", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  const port = SerialPort.open(libc, terminal.path, settings);
  assert.equal(port.waiting(), 0);
  assert.equal(port.read(new Uint8Array(10)), "would block");
  await terminal.write(Uint8Array.of(1, 2, 3));
  await waitFor("the bytes", () => port.waiting() === 3);
  assert.equal(port.read(new Uint8Array(2)), 2);
  assert.equal(port.waiting(), 1);
  port.close();
});

Deno.test("a device that is unplugged is gone for good, and can still be closed", () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  const port = SerialPort.open(libc, terminal.path, settings);
  terminal.unplug();
  assert.equal(port.waiting(), 0);
  for (let i = 0; i < 3; i++) assert.equal(port.read(new Uint8Array(10)), "gone");
  port.close();
});
