import assert from "node:assert/strict";
import { Libc } from "../../../src/platform/libc.ts";
import { PseudoTerminal } from "../../../src/simulate/pseudo_terminal.ts";
import type { LineSettings } from "../../../src/source/serial/line_settings.ts";
import {
  decodeModemLines,
  formatModemLines,
  raiseDtrRts,
  readModemLines,
  unknownLines,
} from "../../../src/source/serial/modem_lines.ts";
import { SerialPort } from "../../../src/source/serial/serial_port.ts";
import { ModemLibc } from "../../support/modem_libc.ts";
import { TerminalReader } from "../../support/terminal_reader.ts";

const settings: LineSettings = {
  baudRate: 9600,
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  flowControl: false,
};
const [EIO, EINVAL, ENOTTY, ENOIOCTLCMD] = [5, 22, 25, 515];

Deno.test("each modem line has its bit, and our own lines are none of them", () => {
  const [DTR, RTS, CTS, DCD, RI, DSR] = [0x2, 0x4, 0x20, 0x40, 0x80, 0x100];
  const allOff = { cts: "off", dsr: "off", dcd: "off", ri: "off" };
  assert.deepEqual(decodeModemLines(DTR | RTS), allOff);
  assert.deepEqual(decodeModemLines(CTS), { ...allOff, cts: "on" });
  assert.deepEqual(decodeModemLines(DSR), { ...allOff, dsr: "on" });
  assert.deepEqual(decodeModemLines(DCD), { ...allOff, dcd: "on" });
  assert.deepEqual(decodeModemLines(RI), { ...allOff, ri: "on" });
});

Deno.test("a pseudo-terminal's lines are unknown, its counters absent, nothing can be raised", () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  using reader = new TerminalReader(libc, terminal.path);
  assert.deepEqual(readModemLines(libc, reader.fd), unknownLines);
  assert.equal(raiseDtrRts(libc, reader.fd), false);
  const port = SerialPort.open(libc, terminal.path, settings);
  assert.deepEqual(port.modemLines(), unknownLines);
  assert.equal(port.counters(), null);
  terminal.unplug();
  assert.deepEqual(port.modemLines(), unknownLines);
  assert.equal(port.counters(), null);
  port.close();
});

Deno.test("whatever error a driver gives, the lines are unknown and never off", () => {
  using libc = new ModemLibc();
  for (const errno of [ENOTTY, EINVAL, ENOIOCTLCMD, EIO]) {
    libc.errno = errno;
    assert.deepEqual(readModemLines(libc, 0), unknownLines);
    assert.equal(raiseDtrRts(libc, 0), false);
  }
});

Deno.test("a port that is opened raises DTR and RTS, and shows the lines it has", () => {
  using libc = new ModemLibc();
  using terminal = new PseudoTerminal({ libc });
  libc.lineBits = 0x20 | 0x100;
  const port = SerialPort.open(libc, terminal.path, settings);
  assert.equal(libc.raisedBits, 0x2 | 0x4);
  assert.equal(formatModemLines(port.modemLines()), "CTS on, DSR on, DCD off, RI off");
  assert.equal(
    formatModemLines(unknownLines),
    "CTS unknown, DSR unknown, DCD unknown, RI unknown",
  );
  port.close();
});

Deno.test("counters are read by name, null where the driver has none", () => {
  using libc = new ModemLibc();
  using terminal = new PseudoTerminal({ libc });
  libc.counters = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  const port = SerialPort.open(libc, terminal.path, settings);
  assert.deepEqual(port.counters(), {
    cts: 1,
    dsr: 2,
    ri: 3,
    dcd: 4,
    received: 5,
    sent: 6,
    framing: 7,
    overrun: 8,
    parity: 9,
    breaks: 10,
    bufferOverrun: 11,
  });
  libc.errno = ENOTTY;
  assert.equal(port.counters(), null);
  port.close();
});
