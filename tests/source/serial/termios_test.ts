import assert from "node:assert/strict";
import { Libc } from "../../../src/platform/libc.ts";
import { PseudoTerminal } from "../../../src/simulate/pseudo_terminal.ts";
import type { LineSettings } from "../../../src/source/serial/line_settings.ts";
import { SerialPort } from "../../../src/source/serial/serial_port.ts";
import {
  encodeTermios,
  termiosBaudRate,
  withoutHangUp,
} from "../../../src/source/serial/termios.ts";

const usual: LineSettings = {
  baudRate: 9600,
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  flowControl: false,
};

const BOTHER = 0x1000;
const CREAD = 0x80;
const HUPCL = 0x400;
const CLOCAL = 0x800;
const always = BOTHER | CREAD | CLOCAL;

function controlFlags(change: Partial<LineSettings>): number {
  const bytes = encodeTermios({ ...usual, ...change });
  return new DataView(bytes.buffer).getUint32(8, true);
}

Deno.test("encodeTermios() sets the character size", () => {
  assert.equal(controlFlags({ dataBits: 5 }), always);
  assert.equal(controlFlags({ dataBits: 6 }), always | 0x10);
  assert.equal(controlFlags({ dataBits: 7 }), always | 0x20);
  assert.equal(controlFlags({ dataBits: 8 }), always | 0x30);
});

Deno.test("encodeTermios() sets each parity, mark and space by CMSPAR", () => {
  const parities: [LineSettings["parity"], number][] = [
    ["none", 0],
    ["even", 0x100],
    ["odd", 0x300],
    ["space", 0x40000100],
    ["mark", 0x40000300],
  ];
  for (const [parity, flags] of parities) {
    assert.equal(controlFlags({ parity }), (always | 0x30 | flags) >>> 0, parity);
  }
});

Deno.test("encodeTermios() asks for two stop bits also where 1.5 are wanted", () => {
  assert.equal(controlFlags({ stopBits: 1 }), always | 0x30);
  assert.equal(controlFlags({ stopBits: 1.5 }), always | 0x70);
  assert.equal(controlFlags({ stopBits: 2 }), always | 0x70);
});

const PARMRK_INPCK = 0x18;

Deno.test("encodeTermios() switches RTS/CTS on, and never XON/XOFF", () => {
  const bytes = encodeTermios({ ...usual, flowControl: true });
  const view = new DataView(bytes.buffer);
  assert.equal(view.getUint32(8, true), (always | 0x30 | 0x80000000) >>> 0);
  assert.equal(view.getUint32(0, true), PARMRK_INPCK, "input flags");
});

Deno.test("encodeTermios() is raw but for marks of damage: a read returns at one byte", () => {
  const bytes = encodeTermios(usual);
  const view = new DataView(bytes.buffer);
  assert.equal(bytes.length, 44);
  assert.equal(view.getUint32(0, true), PARMRK_INPCK);
  for (const offset of [4, 12]) assert.equal(view.getUint32(offset, true), 0, `${offset}`);
  assert.equal(bytes[22], 0, "VTIME");
  assert.equal(bytes[23], 1, "VMIN");
});

Deno.test("termiosBaudRate() gives back the speed, also from the middle of a buffer", () => {
  const bytes = new Uint8Array(100);
  bytes.set(encodeTermios({ ...usual, baudRate: 31_250 }), 7);
  assert.equal(termiosBaudRate(bytes.subarray(7, 51)), 31_250);
});

Deno.test("withoutHangUp() clears HUPCL in a copy and nothing else", () => {
  const bytes = encodeTermios({ ...usual, parity: "mark", flowControl: true });
  const view = new DataView(bytes.buffer);
  view.setUint32(8, (view.getUint32(8, true) | HUPCL) >>> 0, true);
  const copy = withoutHangUp(bytes);
  assert.deepEqual(copy, encodeTermios({ ...usual, parity: "mark", flowControl: true }));
  assert.equal(view.getUint32(8, true) & HUPCL, HUPCL, "the original stays");
});

Deno.test("the kernel takes every speed, also those that no table knows", () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  for (const baudRate of [50, 110, 300, 1200, 7200, 9600, 31_250, 115_200, 250_000, 921_600]) {
    const port = SerialPort.open(libc, terminal.path, { ...usual, baudRate });
    assert.equal(terminal.settings().baud, baudRate);
    assert.equal(port.settings.baudRate, baudRate);
    port.close();
  }
});

Deno.test("the kernel takes every combination of frame and flow control, raw and local", () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  for (const dataBits of [5, 6, 7, 8] as const) {
    for (const parity of ["none", "odd", "even", "mark", "space"] as const) {
      for (const stopBits of [1, 1.5, 2] as const) {
        for (const flowControl of [false, true]) {
          const wanted = { baudRate: 1200, dataBits, parity, stopBits, flowControl };
          const port = SerialPort.open(libc, terminal.path, wanted);
          const name = JSON.stringify(wanted);
          const { stopBits: stops, flags } = terminal.settings();
          assert.deepEqual(port.settings, wanted);
          assert.equal(stops, stopBits === 1 ? 1 : 2, name);
          assert.equal((flags.control & 0x80000000) !== 0, flowControl, name);
          assert.equal(flags.control & (CREAD | CLOCAL | HUPCL), CREAD | CLOCAL, name);
          // Of the parity, a pseudo-terminal shows what is not PARENB.
          const odd = parity === "odd" || parity === "mark";
          assert.equal((flags.control & 0x200) !== 0, odd, name);
          const sticky = parity === "mark" || parity === "space";
          assert.equal((flags.control & 0x40000000) !== 0, sticky, name);
          assert.deepEqual([flags.input, flags.output, flags.local], [PARMRK_INPCK, 0, 0], name);
          port.close();
        }
      }
    }
  }
});
