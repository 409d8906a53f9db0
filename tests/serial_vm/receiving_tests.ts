// What arrives on a real UART: characters, breaks, and what is lost without a trace in the data.

import assert from "node:assert/strict";
import { MarkDecoder } from "../../src/source/serial/mark_decoder.ts";
import { counted, countedNow, readBytes, settled, unmarked } from "./arrivals.ts";
import { portTest, siteTest, usual } from "./serial_site.ts";

/** More than the kernel keeps of a port that nobody reads. */
const flood = { pieceBytes: 64 * 1024, mostBytes: 4 * 1024 * 1024 };

/** Characters that a 16550 keeps until they are fetched. */
const fifoBytes = 16;

siteTest("the kernel has found three ports that are 16550A", async ({ machine }) => {
  const found = await machine.shell.run("cat /proc/tty/driver/serial");
  for (const { device } of machine.ports) {
    const number = device.replace("/dev/ttyS", "");
    assert.match(found, new RegExp(`^${number}: uart:16550A `, "m"));
  }
});

portTest("every byte arrives as it was sent, FF doubled by its mark", usual, async (site) => {
  const { probe, port } = site;
  const sent = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  await port.wire.send(sent);
  const read = await readBytes(probe, 257);
  assert.deepEqual(read, [...sent, 0xff]);
  const characters = new MarkDecoder().push(Uint8Array.from(read));
  assert.deepEqual(
    characters.map(({ kind, byte }) => [kind, byte]),
    [...sent].map((byte) => ["byte", byte]),
  );
});

portTest(
  "a break arrives as FF 00 00, and is counted as a break and nothing else",
  usual,
  async (site) => {
    const { probe, port } = site;
    const before = await probe.call("counters");
    await port.wire.send(Uint8Array.of(0x41, 0x00));
    assert.deepEqual(await readBytes(probe, 2), [0x41, 0x00]);
    await port.wire.sendBreak();
    const marked = await readBytes(probe, 3);
    assert.deepEqual(marked, [0xff, 0x00, 0x00]);
    const [character] = new MarkDecoder().push(Uint8Array.from(marked));
    assert.equal(character?.kind, "break");
    const { breaks, framing, parity, overrun, received } = await counted(
      probe,
      before,
      "a break",
      ({ breaks }) => breaks > 0,
    );
    assert.deepEqual({ breaks, framing, parity, overrun, received }, {
      breaks: 1,
      framing: 0,
      parity: 0,
      overrun: 0,
      received: 3,
    });
  },
);

portTest(
  "what a full UART loses shows in no byte, only as an overrun that is counted",
  usual,
  async (site) => {
    const { probe, port } = site;
    const before = await probe.call("counters");
    const sent = unmarked(fifoBytes + 4);
    await port.registers.receiveUnserved(sent);
    assert.deepEqual(await readBytes(probe, fifoBytes), [...sent.subarray(0, fifoBytes)]);
    const { overrun, received } = await counted(
      probe,
      before,
      "an overrun",
      ({ overrun }) => overrun > 0,
    );
    assert.deepEqual({ overrun, received }, { overrun: 1, received: fifoBytes });
    await port.wire.send(Uint8Array.of(0x2e));
    assert.deepEqual(await readBytes(probe, 1), [0x2e]);
  },
);

portTest("bytes that wait outlive a change of the settings", usual, async ({ probe, port }) => {
  const sent = unmarked(1000);
  await port.wire.send(sent);
  await settled("all to wait", () => probe.call("waiting"), (count) => count === sent.length);
  await probe.call("apply", {
    settings: { ...usual, baudRate: 9600, dataBits: 7, parity: "even" },
  });
  assert.deepEqual(await readBytes(probe, sent.length), [...sent]);
});

/**
 * Only text: a port that was closed is as it was found, in the mode for terminals, in which control
 * characters edit and flush what waits.
 */
siteTest("text that comes between two openings waits, if somebody holds the port", async (site) => {
  const { machine, probe, visitor, port: { device, wire } } = site;
  const text = [...new TextEncoder().encode("N 044 01     DN4521")];
  await visitor.call("hold", { device });
  try {
    await probe.call("open", { device, settings: usual });
    const { received } = await probe.call("counters");
    await probe.call("close");
    await wire.send(Uint8Array.from(text));
    const ports = (): Promise<string> => machine.shell.run("cat /proc/tty/driver/serial");
    const arrived = `rx:${received + text.length} `;
    await settled("the text in the driver", ports, (found) => found.includes(arrived));
    await probe.call("open", { device, settings: usual });
    try {
      assert.deepEqual(await readBytes(probe, text.length), text);
    } finally {
      await probe.call("close");
    }
  } finally {
    await visitor.call("release");
  }
});

portTest(
  "what the kernel has no room for shows in no byte, only as a buffer overrun",
  usual,
  async (site) => {
    const { probe, port } = site;
    const before = await probe.call("counters");
    const piece = unmarked(flood.pieceBytes);
    let sent = 0;
    let lost = 0;
    while (lost === 0 && sent < flood.mostBytes) {
      await port.wire.send(piece);
      sent += piece.length;
      lost = (await countedNow(probe, before)).bufferOverrun;
    }
    const { bufferOverrun, overrun } = await counted(
      probe,
      before,
      "all of it",
      ({ received }) => received === sent,
    );
    assert.ok(bufferOverrun > 0, `nothing of ${sent} bytes was lost`);
    assert.equal(overrun, 0, "the UART itself was always served");
    const read = await readBytes(probe, sent - bufferOverrun);
    assert.equal(read.length, sent - bufferOverrun);
    assert.ok(!read.includes(0xff), "there is no mark");
  },
);

siteTest("a source hands on what comes, and a break between records as damage", async (site) => {
  const { probe, port } = site;
  await probe.call("capture", { device: port.device });
  try {
    await settled(
      "the port to be open",
      () => probe.call("captured"),
      ({ events }) => events.length > 0,
    );
    await port.wire.send(new TextEncoder().encode("N 044 01\r\n"));
    const text = async (): Promise<string> =>
      (await probe.call("captured")).runs.map((run) => run.text).join("");
    await settled("the first record", text, (got) => got === "N 044 01\r\n");
    await port.wire.sendBreak();
    const damage = async (): Promise<number> =>
      (await probe.call("captured")).runs.filter(({ damaged }) => damaged).length;
    await settled("the break", damage, (count) => count === 1);
    await port.wire.send(new TextEncoder().encode("N 045 01\r\n"));
    await settled("the second record", text, (got) => got === "N 044 01\r\nN 045 01\r\n");
    const { events, runs } = await probe.call("captured");
    assert.deepEqual(events, ["opened 9600 8N1"]);
    assert.deepEqual(runs.filter(({ damaged }) => damaged), [{ text: "", damaged: true }]);
  } finally {
    await probe.call("stopCapture");
  }
});
