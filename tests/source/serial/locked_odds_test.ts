import assert from "node:assert/strict";
import { Random } from "../../../src/simulate/random.ts";
import { UartReceiver, UartSender } from "../../../src/simulate/uart.ts";
import { Wire } from "../../../src/simulate/wire.ts";
import { type Framing, framings } from "../../../src/source/serial/framing.ts";
import { LockedOdds } from "../../../src/source/serial/locked_odds.ts";
import type { Character } from "../../../src/source/serial/mark_decoder.ts";
import { drawText } from "../../support/drawn_text.ts";
import { seeds } from "../../support/seeds.ts";

const alikeTwice = framings.filter(({ topBitVaries }) => !topBitVaries);

/** What a receiver that is switched on inside a character gets of text without pauses. */
function heardOutOfStep(framing: Framing, stopBits: 1 | 2, random: Random): Character[] {
  const wire = new Wire();
  const sender = new UartSender({ wire, settings: { baud: 1200, ...framing, stopBits } });
  const receiver = new UartReceiver({
    wire,
    settings: { baud: 1200, ...framing.receiver },
    listenFromUs: sender.characterUs * (0.2 + 0.6 * random.next()),
  });
  sender.send(drawText(framing, 40, random));
  return receiver.receive().map(({ kind, byte }) => ({
    kind: kind === "byte" || kind === "break" ? kind : "damaged",
    byte,
  }));
}

for (const seed of seeds()) {
  Deno.test(`text out of step is known in each framing, with one stop bit or two (SEED=${seed})`, () => {
    const random = new Random(seed);
    for (const framing of alikeTwice) {
      for (const stopBits of [1, 2] as const) {
        let bits = 0;
        let count = 0;
        for (let line = 0; line < 60; line++) {
          const odds = new LockedOdds({ baudRate: 1200, ...framing.receiver }, framings);
          for (const character of heardOutOfStep(framing, stopBits, random)) {
            bits += odds.of(character)[framings.indexOf(framing)] ?? NaN;
            count++;
          }
        }
        const name = `${framing.name}, ${stopBits} stop bits`;
        assert.ok(bits / count > 1, `${name}: ${bits / count} bits a character`);
      }
    }
  });
}

Deno.test("framings of another length are not judged", () => {
  const odds = new LockedOdds({
    baudRate: 1200,
    dataBits: 8,
    parity: "none",
    stopBits: 1,
  }, framings);
  const judged = odds.of({ kind: "byte", byte: 0x41 });
  const names = framings.filter((_, at) => judged[at] === null).map(({ name }) => name);
  assert.deepEqual(names, ["8E1", "8O1", "7N1"]);
});
