// The lines of a real UART that carry no data: read, raised, counted, and put to use for flow control.

import assert from "node:assert/strict";
import type { LineCounters } from "../../src/source/serial/line_counters.ts";
import type { ModemLines } from "../../src/source/serial/modem_lines.ts";
import { counted, countedNow, readBytes, settled, unmarked } from "./arrivals.ts";
import type { Pin } from "./probe_calls.ts";
import { portTest, siteTest, usual } from "./serial_site.ts";

const withFlowControl = { ...usual, flowControl: true };
const allPins = ["dtr", "rts", "out1", "out2"] as const;
const allOff: ModemLines = { cts: "off", dsr: "off", dcd: "off", ri: "off" };

/** What the chip joins to what when it is looped. */
const joined: readonly (readonly [Pin, keyof ModemLines])[] = [
  ["rts", "cts"],
  ["dtr", "dsr"],
  ["out1", "ri"],
  ["out2", "dcd"],
];

/** More than a port keeps ready to be read. */
const tooMuch = unmarked(8192);

function changesIn({ cts, dsr, dcd, ri }: LineCounters): Partial<LineCounters> {
  return { cts, dsr, dcd, ri };
}

portTest(
  "equipment that is switched on shows as CTS, DSR and DCD on, RI off",
  usual,
  async ({ probe }) => {
    assert.deepEqual(await probe.call("lines"), { cts: "on", dsr: "on", dcd: "on", ri: "off" });
  },
);

for (const [pin, line] of joined) {
  portTest(`${line.toUpperCase()} is read on and off as the chip has it`, usual, async (site) => {
    const { probe, port } = site;
    await probe.call("hold", { device: port.device });
    try {
      await probe.call("setPins", { raise: ["loop"], lower: allPins });
      assert.deepEqual(await probe.call("lines"), allOff);
      await probe.call("setPins", { raise: [pin] });
      assert.deepEqual(await probe.call("lines"), { ...allOff, [line]: "on" });
      await probe.call("setPins", { lower: [pin] });
      assert.deepEqual(await probe.call("lines"), allOff);
    } finally {
      await probe.call("setPins", { raise: ["dtr", "rts", "out2"], lower: ["loop", "out1"] });
      await probe.call("release");
    }
  });
}

siteTest("a pulled cable is told, and that it is back; the driver counts neither", async (site) => {
  const { machine, probe, spares: [spare] } = site;
  const { device } = spare;
  await probe.call("open", { device, settings: usual });
  await probe.call("hold", { device });
  try {
    const kinds = async (monotonicMs: number): Promise<readonly string[]> =>
      (await probe.call("watch", { monotonicMs })).notices.map(({ kind }) => kind);
    await kinds(0);
    await kinds(1000);
    assert.equal((await probe.call("watch", { monotonicMs: 2000 })).state, "signal");
    const before = await probe.call("counters");
    await machine.pullCable(spare);
    await settled("the lines to fall", () => probe.call("lines"), ({ cts }) => cts === "off");
    assert.deepEqual(await probe.call("lines"), allOff);
    assert.deepEqual(await kinds(3000), []);
    assert.deepEqual(await kinds(4000), ["signal_lost"]);
    assert.equal((await probe.call("watch", { monotonicMs: 5000 })).state, "no_signal");
    await probe.call("setPins", { raise: ["loop"] });
    assert.deepEqual(await kinds(6000), []);
    assert.deepEqual(await kinds(7000), ["signal_detected"]);
    assert.deepEqual(changesIn(await countedNow(probe, before)), { cts: 0, dsr: 0, dcd: 0, ri: 0 });
  } finally {
    await probe.call("setPins", { lower: ["loop"] });
    await probe.call("release");
    await probe.call("close");
  }
});

siteTest("with flow control the driver counts each line that falls, once", async (site) => {
  const { machine, probe, spares: [, spare] } = site;
  await probe.call("open", { device: spare.device, settings: withFlowControl });
  try {
    const before = await probe.call("counters");
    await machine.pullCable(spare);
    await counted(probe, before, "a change", ({ cts }) => cts > 0);
    assert.deepEqual(changesIn(await countedNow(probe, before)), { cts: 1, dsr: 1, dcd: 1, ri: 0 });
  } finally {
    await probe.call("close");
  }
});

siteTest(
  "DTR and RTS are up when the port is open, also when somebody had taken them back",
  async (site) => {
    const { probe, port } = site;
    const { device } = port;
    await probe.call("hold", { device });
    await probe.call("setPins", { lower: ["dtr", "rts"] });
    assert.deepEqual(await port.registers.pins(), { dtr: "down", rts: "down" });
    await probe.call("open", { device, settings: usual });
    await probe.call("release");
    const pins = await port.registers.pins();
    await probe.call("close");
    assert.deepEqual(pins, { dtr: "up", rts: "up" });
  },
);

siteTest(
  "DTR and RTS stay up when the port is closed, though other programs drop them",
  async (site) => {
    const { machine, probe, port } = site;
    const { device } = port;
    await machine.shell.run(`stty -F ${device} hupcl`);
    assert.deepEqual(await port.registers.pins(), { dtr: "down", rts: "down" });
    await probe.call("open", { device, settings: usual });
    await probe.call("close");
    assert.deepEqual(await port.registers.pins(), { dtr: "up", rts: "up" });
  },
);

portTest(
  "with flow control RTS falls while nobody reads, and rises when it is read",
  withFlowControl,
  async (site) => {
    const { probe, port } = site;
    const pins = port.registers.pins.bind(port.registers);
    assert.equal((await pins()).rts, "up");
    await port.wire.send(tooMuch);
    await settled("RTS to fall", pins, ({ rts }) => rts === "down");
    assert.deepEqual(await readBytes(probe, tooMuch.length), [...tooMuch]);
    await settled("RTS to rise", pins, ({ rts }) => rts === "up");
    assert.equal((await pins()).dtr, "up");
  },
);

portTest("without flow control RTS stays up, however much waits", usual, async (site) => {
  const { probe, port } = site;
  await port.wire.send(tooMuch);
  await settled("no room to be left", () => probe.call("waiting"), (count) => count > 4000);
  assert.equal((await port.registers.pins()).rts, "up");
  assert.deepEqual(await readBytes(probe, tooMuch.length), [...tooMuch]);
});

portTest("with flow control nothing is sent while CTS is off", usual, async (site) => {
  const { probe, port } = site;
  await probe.call("hold", { device: port.device });
  try {
    await probe.call("setPins", { raise: ["loop"], lower: ["rts"] });
    await probe.call("apply", { settings: withFlowControl });
    const before = await probe.call("counters");
    const bytes = [...unmarked(64)];
    assert.equal(await probe.call("write", { bytes }), bytes.length);
    // Looped, it would have come back in front of this, had it been let go.
    await port.wire.send(Uint8Array.of(0x2e));
    assert.deepEqual(await readBytes(probe, 1), [0x2e]);
    assert.equal((await countedNow(probe, before)).sent, 0);
    await probe.call("setPins", { raise: ["rts"] });
    await probe.call("apply", { settings: { ...withFlowControl, baudRate: 57600 } });
    await counted(probe, before, "all to be sent", ({ sent }) => sent === bytes.length);
    assert.deepEqual(await readBytes(probe, bytes.length), bytes);
  } finally {
    await probe.call("setPins", { raise: ["rts"], lower: ["loop"] });
    await probe.call("release");
  }
});
