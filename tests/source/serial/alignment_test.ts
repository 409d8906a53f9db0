import assert from "node:assert/strict";
import { Random } from "../../../src/simulate/random.ts";
import { UartReceiver, UartSender } from "../../../src/simulate/uart.ts";
import { Wire } from "../../../src/simulate/wire.ts";
import { Alignment } from "../../../src/source/serial/alignment.ts";
import { type Framing, framings, samplesOf } from "../../../src/source/serial/framing.ts";
import { drawText } from "../../support/drawn_text.ts";
import { seeds } from "../../support/seeds.ts";

const at8N1 = { dataBits: 8, parity: "none", stopBits: 1 } as const;
const tenBits = framings.filter(({ receiver, topBitVaries }) =>
  receiver.dataBits === 8 && receiver.parity === "none" && !topBitVaries
);
const allReadings = 1 << 9;
const blind = 1 / allReadings;

interface Heard {
  readonly framing: Framing;
  readonly stopBits: 1 | 2;
  readonly lowStopBitIs: "start_bit" | "ignored";
  readonly random: Random;
}

/** Levels that a receiver at 8N1 reads of text without pauses, switched on inside a character. */
function heardOutOfStep({ framing, stopBits, lowStopBitIs, random }: Heard): number[] {
  const wire = new Wire();
  const sender = new UartSender({ wire, settings: { baud: 1200, ...framing, stopBits } });
  const receiver = new UartReceiver({
    wire,
    settings: { baud: 1200, ...at8N1 },
    lowStopBitIs,
    listenFromUs: sender.characterUs * (0.2 + 0.6 * random.next()),
  });
  sender.send(drawText(framing, 30, random));
  return receiver.receive().map(({ kind, byte }) =>
    samplesOf({ kind: kind === "byte" || kind === "break" ? kind : "damaged", byte }, at8N1).bits
  );
}

/** What readings are worth against a blind draw, in bits a character. */
function worth(readings: readonly number[], framing: Framing, stopBits: 1 | 2): number {
  const alignment = new Alignment(framing, stopBits);
  const bits = readings.map((levels) => Math.log2(alignment.read([levels], blind) / blind));
  return bits.reduce((sum, each) => sum + each, 0) / readings.length;
}

for (const seed of seeds()) {
  Deno.test(`text is known also where the receiver is out of step, and framings are told apart (SEED=${seed})`, () => {
    const random = new Random(seed);
    for (const stopBits of [1, 2] as const) {
      for (const lowStopBitIs of ["start_bit", "ignored"] as const) {
        for (const framing of tenBits) {
          const lines = Array.from(
            { length: 60 },
            () => heardOutOfStep({ framing, stopBits, lowStopBitIs, random }),
          );
          const sums = tenBits.map((each) =>
            lines.reduce((sum, heard) => sum + worth(heard, each, stopBits) / lines.length, 0)
          );
          const own = sums[tenBits.indexOf(framing)] ?? 0;
          assert.ok(own > 1, `${framing.name}, ${stopBits} stop bits: ${own} bits a character`);
          assert.equal(Math.max(...sums), own, `${framing.name}: ${sums}`);
        }
      }
    }
  });

  Deno.test(`the shares of all that could be read next make 1, whatever was read before (SEED=${seed})`, () => {
    const random = new Random(seed);
    for (const framing of tenBits) {
      for (const stopBits of [1, 2] as const) {
        const readings = heardOutOfStep({ framing, stopBits, lowStopBitIs: "start_bit", random });
        const before = [...readings.slice(0, 4), random.integer(0, allReadings - 1)];
        for (let length = 0; length <= before.length; length++) {
          let sum = 0;
          for (let next = 0; next < allReadings; next++) {
            const alignment = new Alignment(framing, stopBits);
            for (const levels of before.slice(0, length)) alignment.read([levels], blind);
            sum += alignment.read([next], blind);
          }
          assert.ok(Math.abs(sum - 1) < 1e-9, `${framing.name}, behind ${length}: ${sum}`);
        }
      }
    }
  });
}

Deno.test("noise takes no more than some five bits a character from settled text", () => {
  for (const framing of tenBits) {
    for (let levels = 0; levels < allReadings; levels++) {
      const alignment = new Alignment(framing, 1);
      alignment.settle();
      const bits = Math.log2(alignment.read([levels], blind) / blind);
      assert.ok(bits > -5.1 && bits < 9, `${framing.name} ${levels}: ${bits}`);
    }
  }
});
