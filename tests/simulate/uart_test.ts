import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../../src/simulate/random.ts";
import {
  parityBit,
  type Reception,
  transfer,
  UartReceiver,
  UartSender,
  type UartSettings,
} from "../../src/simulate/uart.ts";
import { Wire } from "../../src/simulate/wire.ts";

const text = new TextEncoder().encode(
  "N 044 01     DN4521    T001004   06/14 09:12:44 00:03:21.0 915555550142\r\n &5555550142\r\n",
);
const allBytes = Uint8Array.from({ length: 256 }, (_, value) => value);

/** `uart("7E1", 1200)`, as the field writes it. */
function uart(name: string, baud = 9600): UartSettings {
  const parities = { N: "none", E: "even", O: "odd", M: "mark", S: "space" } as const;
  const match = /^([78])([NEOMS])(1|1\.5|2)$/.exec(name);
  const parity = Object.entries(parities).find(([letter]) => letter === match?.[2])?.[1];
  if (match === null || parity === undefined) throw new Error(`read settings: ${name}`);
  const stopBits = match[3] === "2" ? 2 : match[3] === "1.5" ? 1.5 : 1;
  return { baud, dataBits: match[1] === "7" ? 7 : 8, parity, stopBits };
}

function read(bytes: Uint8Array, from: UartSettings, to: UartSettings): Reception[] {
  return transfer({ bytes, sender: { settings: from }, receiver: { settings: to } });
}

function bytesOf(receptions: readonly Reception[]): number[] {
  return receptions.map(({ byte }) => byte);
}

function shareOf(
  receptions: readonly Reception[],
  holds: (reception: Reception) => boolean,
): number {
  return receptions.filter(holds).length / receptions.length;
}

Deno.test("bytes arrive unchanged when both ends agree, with clocks up to 2 % apart", () => {
  fc.assert(fc.property(
    fc.constantFrom(300, 1200, 9600, 19200, 31_250, 115_200),
    fc.constantFrom<UartSettings["dataBits"]>(5, 6, 7, 8),
    fc.constantFrom<UartSettings["parity"]>("none", "odd", "even", "mark", "space"),
    fc.constantFrom<UartSettings["stopBits"]>(1, 1.5, 2),
    fc.integer({ min: -20_000, max: 20_000 }),
    fc.uint8Array({ maxLength: 80 }),
    (baud, dataBits, parity, stopBits, clockErrorPpm, bytes) => {
      const settings: UartSettings = { baud, dataBits, parity, stopBits };
      const received = transfer({
        bytes,
        sender: { settings, clockErrorPpm },
        receiver: { settings },
      });
      assert.ok(received.every(({ kind }) => kind === "byte"));
      assert.deepEqual(bytesOf(received), [...bytes].map((byte) => byte % 2 ** dataBits));
    },
  ));
});

Deno.test("a clock 8 % off cannot be read", () => {
  const settings = uart("8N1");
  const received = transfer({
    bytes: allBytes,
    sender: { settings, clockErrorPpm: 80_000 },
    receiver: { settings },
  });
  assert.notDeepEqual(bytesOf(received), [...allBytes]);
});

Deno.test("what is cut into many calls arrives as if sent at once", () => {
  fc.assert(fc.property(
    fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 }),
    fc.constantFrom("8N1", "7E1"),
    fc.constantFrom(4800, 9600, 19200),
    (blocks, framing, baud) => {
      const wire = new Wire();
      const sender = new UartSender({ wire, settings: uart(framing) });
      const receiver = new UartReceiver({ wire, settings: uart("8N1", baud) });
      const inParts = blocks.flatMap((block) => {
        sender.send(block);
        return receiver.receive();
      });
      sender.idle(12e6 / baud);
      inParts.push(...receiver.receive());
      const atOnce = Uint8Array.from(blocks.flatMap((block) => [...block]));
      assert.deepEqual(inParts, read(atOnce, uart(framing), uart("8N1", baud)));
    },
  ));
});

Deno.test("seven bits with parity, read as 8N1, are the parity in the top bit", () => {
  const seven = allBytes.subarray(0, 128);
  const topBit: Readonly<Record<string, (byte: number) => number>> = {
    "7E1": (byte) => parityBit(byte, "even"),
    "7E2": (byte) => parityBit(byte, "even"),
    "7O1": (byte) => parityBit(byte, "odd"),
    "7M1": () => 1,
    "7N2": () => 1,
    "7S1": () => 0,
  };
  for (const [framing, top] of Object.entries(topBit)) {
    const received = read(seven, uart(framing), uart("8N1"));
    assert.ok(received.every(({ kind }) => kind === "byte"), framing);
    assert.deepEqual(bytesOf(received), [...seven].map((byte) => byte | top(byte) << 7), framing);
  }
  assert.deepEqual([parityBit(0x43, "even"), parityBit(0x43, "odd")], [1, 0]);
});

Deno.test("8N2 reads as 8N1 without errors, 8E1 and 8O1 do not", () => {
  const errors = (framing: string): number =>
    shareOf(read(text, uart(framing), uart("8N1")), ({ kind }) => kind !== "byte");
  assert.equal(errors("8N2"), 0);
  assert.ok(errors("8E1") > 0.3, `${errors("8E1")}`);
  assert.ok(errors("8O1") > 0.3, `${errors("8O1")}`);
});

Deno.test("a wrong parity is reported with the byte", () => {
  const received = read(Uint8Array.of(0x41, 0x43), uart("7E1"), uart("7O1"));
  assert.deepEqual(received, [{ kind: "parity", byte: 0x41 }, { kind: "parity", byte: 0x43 }]);
});

Deno.test("a receiver 2, 4 or 8 times too fast sees the patterns that tell by how much", () => {
  const bit = (byte: number, index: number): number => (byte >> index) & 1;
  const patterns: readonly [number, (byte: number) => boolean][] = [
    [
      2,
      (byte) =>
        bit(byte, 0) === 0 && bit(byte, 1) === bit(byte, 2) && bit(byte, 3) === bit(byte, 4) &&
        bit(byte, 5) === bit(byte, 6),
    ],
    [4, (byte) => [0x00, 0x78, 0x80, 0xf8].includes(byte)],
    [8, (byte) => [0x00, 0x80].includes(byte)],
  ];
  for (const [times, fits] of patterns) {
    for (const framing of ["8N1", "7E1"]) {
      const share = (lowStopBitIs: "start_bit" | "ignored"): number =>
        shareOf(
          transfer({
            bytes: text,
            sender: { settings: uart(framing, 2400) },
            receiver: { settings: uart("8N1", 2400 * times), lowStopBitIs },
          }),
          ({ byte }) => fits(byte),
        );
      assert.equal(share("ignored"), 1, `${framing} read ${times} times too fast`);
      assert.ok(share("start_bit") > 0.65, `${framing} read ${times} times too fast by a 16550`);
    }
  }
});

Deno.test("a receiver twelve times too fast sees breaks only", () => {
  const received = read(text, uart("8N1", 1200), uart("8N1", 14_400));
  assert.ok(received.length > text.length);
  assert.ok(received.every(({ kind }) => kind === "break"));
});

Deno.test("19200 read at 9600 has framing errors, no breaks, and looks partly printable", () => {
  for (const clockErrorPpm of [-5000, 5000]) {
    const received = transfer({
      bytes: text,
      sender: { settings: uart("8N1", 19_200), clockErrorPpm },
      receiver: { settings: uart("8N1", 9600) },
    });
    const framing = shareOf(received, ({ kind }) => kind === "framing");
    const printable = shareOf(received, ({ byte }) => byte >= 0x20 && byte < 0x7f);
    assert.ok(framing > 0.1 && framing < 0.9, `${framing}`);
    assert.ok(printable > 0.1 && printable < 0.6, `${printable}`);
    assert.equal(shareOf(received, ({ kind }) => kind === "break"), 0);
  }
});

Deno.test("a break is one break, however long, and what follows it is read", () => {
  const wire = new Wire();
  const sender = new UartSender({ wire, settings: uart("8N1") });
  const receiver = new UartReceiver({ wire, settings: uart("8N1") });
  sender.send(Uint8Array.of(0x41));
  sender.sendBreak(250_000);
  sender.send(Uint8Array.of(0x42));
  assert.deepEqual(receiver.receive(), [
    { kind: "byte", byte: 0x41 },
    { kind: "break", byte: 0 },
    { kind: "byte", byte: 0x42 },
  ]);
});

Deno.test("gaps of any length between characters change nothing", () => {
  const wire = new Wire();
  const sender = new UartSender({ wire, settings: uart("7E1"), clockErrorPpm: 20_000 });
  const receiver = new UartReceiver({ wire, settings: uart("7E1") });
  const random = new Random(3);
  for (const byte of text) {
    sender.send(Uint8Array.of(byte));
    sender.idle(random.next() * 10_000);
  }
  assert.deepEqual(bytesOf(receiver.receive()), [...text]);
});

Deno.test("a receiver switched on in the middle of a character finds its way into the text", () => {
  const received = transfer({
    bytes: text,
    sender: { settings: uart("8N1") },
    receiver: { settings: uart("8N1"), listenFromUs: 1e6 * 10 / 9600 * 3.37 },
  });
  assert.ok(Buffer.from(text).includes(Buffer.from(bytesOf(received).slice(-20))));
  assert.ok(received.length < text.length);
});

Deno.test("noise damages about as many characters as its probability says, the same each time", () => {
  const bytes = new Uint8Array(20_000).fill(0x55);
  const noisy = (seed: number): Reception[] =>
    transfer({
      bytes,
      sender: {
        settings: uart("8N2"),
        noise: { random: new Random(seed), flipProbability: 0.001 },
      },
      receiver: { settings: uart("8N1") },
    });
  const damaged = shareOf(noisy(1), ({ kind, byte }) => kind !== "byte" || byte !== 0x55);
  assert.ok(damaged > 0.008 && damaged < 0.02, `${damaged}`);
  assert.deepEqual(noisy(1), noisy(1));
  assert.notDeepEqual(noisy(1), noisy(2));
});

Deno.test("a receiver whose speed is changed reads on at the new speed", () => {
  const wire = new Wire();
  const sender = new UartSender({ wire, settings: uart("8N1", 9600) });
  const receiver = new UartReceiver({ wire, settings: uart("8N1", 1200) });
  sender.send(text);
  assert.ok(receiver.receive().length < text.length / 4);
  sender.idle(100_000);
  receiver.receive();
  receiver.settings = uart("8N1", 9600);
  sender.send(text);
  assert.deepEqual(bytesOf(receiver.receive()), [...text]);
});
