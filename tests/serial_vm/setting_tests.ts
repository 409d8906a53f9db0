// What a real UART makes of line settings: the divisor of its clock, its line control register.

import assert from "node:assert/strict";
import { formatSettings, type LineSettings } from "../../src/source/serial/line_settings.ts";
import { portTest, usual } from "./serial_site.ts";

/** The speed of a 16550's clock, in sixteenths: its fastest line. */
const fastest = 115200;

/** Those of `detection.baud_rates`, and others that divide the clock. */
const exactSpeeds = [
  ...[300, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200],
  ...[50, 600, 1800, 7200, 14400, 28800],
];

/** Speeds that no divisor gives, and what the chip runs at instead. */
const inexactSpeeds = [
  { asked: 110, runsAt: fastest / 1047 },
  { asked: 76800, runsAt: 57600 },
  { asked: 100000, runsAt: 115200 },
];

const beyond = [128000, 230400, 460800, 921600];

/** Bits of the line control register; which parity is of no account where there is none. */
const dataAndStopBits = 0x07;
const hasParity = 0x08;
const whichParity = 0x30;

/** 0–1 are data bits less five, 2 more than one stop bit, 3–5 parity. */
const frames: readonly (readonly [Omit<LineSettings, "baudRate" | "flowControl">, number])[] = [
  [{ dataBits: 8, parity: "none", stopBits: 1 }, 0x03],
  [{ dataBits: 8, parity: "none", stopBits: 2 }, 0x07],
  [{ dataBits: 8, parity: "even", stopBits: 1 }, 0x1b],
  [{ dataBits: 8, parity: "odd", stopBits: 1 }, 0x0b],
  [{ dataBits: 7, parity: "none", stopBits: 1 }, 0x02],
  [{ dataBits: 7, parity: "none", stopBits: 2 }, 0x06],
  [{ dataBits: 7, parity: "even", stopBits: 1 }, 0x1a],
  [{ dataBits: 7, parity: "odd", stopBits: 1 }, 0x0a],
  [{ dataBits: 7, parity: "mark", stopBits: 1 }, 0x2a],
  [{ dataBits: 7, parity: "space", stopBits: 1 }, 0x3a],
  [{ dataBits: 6, parity: "none", stopBits: 1 }, 0x01],
  [{ dataBits: 5, parity: "none", stopBits: 1.5 }, 0x04],
];

for (const baudRate of exactSpeeds) {
  portTest(
    `${baudRate} is taken and is exact`,
    { ...usual, baudRate: 9601 },
    async ({ probe, port }) => {
      const taken = await probe.call("apply", { settings: { ...usual, baudRate } });
      assert.equal(taken?.baudRate, baudRate);
      assert.equal(fastest / await port.registers.divisor(), baudRate);
    },
  );
}

for (const { asked, runsAt } of inexactSpeeds) {
  portTest(
    `${asked} runs at ${runsAt.toFixed(2)}, which the driver does not tell`,
    usual,
    async (site) => {
      const { probe, port } = site;
      const taken = await probe.call("apply", { settings: { ...usual, baudRate: asked } });
      assert.equal(taken?.baudRate, asked);
      assert.equal(fastest / await port.registers.divisor(), runsAt);
    },
  );
}

for (const baudRate of beyond) {
  const slow = { ...usual, baudRate: 9600 };
  portTest(
    `${baudRate} is more than a 16550 can: the driver stays as it was, and tells`,
    slow,
    async (site) => {
      const { probe, port } = site;
      const taken = await probe.call("apply", { settings: { ...usual, baudRate } });
      assert.equal(taken?.baudRate, 9600);
      assert.equal(await port.registers.divisor(), fastest / 9600);
    },
  );
}

for (const [frame, lineControl] of frames) {
  const settings = { ...usual, ...frame };
  portTest(
    `${formatSettings(settings)} is what the chip is set to`,
    usual,
    async ({ probe, port }) => {
      await probe.call("apply", { settings });
      const known = dataAndStopBits | hasParity | (lineControl & hasParity ? whichParity : 0);
      assert.equal(await port.registers.lineControl() & known, lineControl);
    },
  );
}
