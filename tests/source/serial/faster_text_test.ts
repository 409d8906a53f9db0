import assert from "node:assert/strict";
import { Random } from "../../../src/simulate/random.ts";
import { transfer } from "../../../src/simulate/uart.ts";
import { fasterTextShares } from "../../../src/source/serial/faster_text.ts";
import { type Framing, framings, samplesOf } from "../../../src/source/serial/framing.ts";
import { drawText } from "../../support/drawn_text.ts";
import { seeds } from "../../support/seeds.ts";

const at8N1 = { dataBits: 8, parity: "none", stopBits: 1 } as const;
const sevenBits = framings.filter(({ dataBits, parity }) => dataBits === 7 && parity !== "none");

/** Levels that a receiver at 8N1 reads first, as a number; `null` when it began elsewhere. */
function firstReading(framing: Framing, ratio: number, random: Random): number | null {
  let characters = 1;
  while (characters < 2 * ratio && random.next() >= 0.1) characters++;
  const bytes = drawText(framing, characters, random);
  const clockErrorPpm = random.pick([-10_000, 10_000]);
  const middle = Math.floor(ratio / 2 * (1 + clockErrorPpm / 1e6));
  if (middle > 0 && ((bytes[0] ?? 0) >> (middle - 1) & 1) === 1) return null;
  const [first] = transfer({
    bytes,
    sender: { settings: { baud: 1200 * ratio, ...framing }, clockErrorPpm },
    receiver: { settings: { baud: 1200, ...at8N1 } },
  });
  assert.ok(first);
  const kind = first.kind === "byte" || first.kind === "break" ? first.kind : "damaged";
  return samplesOf({ kind, byte: first.byte }, at8N1).bits;
}

for (const seed of seeds()) {
  Deno.test(`readings of a receiver that is 2, 3 or 4 times too slow are as likely as said (SEED=${seed})`, () => {
    for (const framing of sevenBits) {
      for (const ratio of [2, 3, 4]) {
        const random = new Random(seed);
        const shares = fasterTextShares(framing, at8N1, ratio);
        assert.ok(shares);
        const counts = new Map<number, number>();
        let draws = 0;
        while (draws < 8000) {
          const read = firstReading(framing, ratio, random);
          if (read === null) continue;
          counts.set(read, (counts.get(read) ?? 0) + 1);
          draws++;
        }
        const apart = shares.reduce(
          (sum, share, read) => sum + Math.abs(share - (counts.get(read) ?? 0) / draws) / 2,
          0,
        );
        assert.ok(apart < 0.1, `${framing.name}, ${ratio} times: ${apart} apart`);
      }
    }
  });
}

Deno.test("nothing is said of slower senders, nor of those that are many times faster", () => {
  const [framing] = framings;
  assert.ok(framing);
  assert.equal(fasterTextShares(framing, at8N1, 0.5), null);
  assert.equal(fasterTextShares(framing, at8N1, 1), null);
  assert.equal(fasterTextShares(framing, at8N1, 12), null);
});
