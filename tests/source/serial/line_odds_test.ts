import assert from "node:assert/strict";
import { framings } from "../../../src/source/serial/framing.ts";
import { LineOdds } from "../../../src/source/serial/line_odds.ts";
import type { Character } from "../../../src/source/serial/mark_decoder.ts";

const receiver = { baudRate: 9600, dataBits: 8, parity: "none", stopBits: 1 } as const;

Deno.test("what was read before counts while settings are locked, and no longer than that", () => {
  const odds = new LineOdds({ receiver, baudRates: [9600, 19_200], framings });
  const damaged: Character = { kind: "damaged", byte: 0xb4 };
  const own = (): string[] =>
    Array.from(odds.own(odds.of(damaged, "edge")), (bits) => bits.toFixed(3));
  const before = own();
  odds.lock();
  const first = own();
  const second = own();
  assert.notDeepEqual(first, before);
  assert.notDeepEqual(second, first, "it is known by now that something is wrong");
  odds.lock();
  assert.deepEqual(own(), first, "locked anew, it is in step");
  odds.unlock();
  assert.deepEqual(own(), before);
});
