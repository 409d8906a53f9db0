import assert from "node:assert/strict";
import { transfer } from "../../../src/simulate/uart.ts";
import { samplesOf } from "../../../src/source/serial/framing.ts";
import { patternBits, speedPattern } from "../../../src/source/serial/speed_pattern.ts";
import { sentFramings } from "../../support/detection_windows.ts";

const text = new TextEncoder().encode(
  "N 044 01     DN4521    T001004   06/14 09:12:44 00:03:21.0 915555550142\r\n &5555550142\r\n",
);
const at8N1 = { dataBits: 8, parity: "none", stopBits: 1 } as const;

/** Shares of what a too fast receiver gets that is of the pattern, true edges only. */
function fitting(ratio: number, sent: string, clockErrorPpm: number): number {
  const frame = sentFramings[sent];
  assert.ok(frame, sent);
  const received = transfer({
    bytes: text,
    sender: { settings: { baud: 1200, ...frame }, clockErrorPpm },
    receiver: { settings: { baud: 1200 * ratio, ...at8N1 }, lowStopBitIs: "ignored" },
  });
  const pattern = speedPattern(ratio);
  const fits = received.filter(({ kind, byte }) => {
    const character = {
      kind: kind === "byte" || kind === "break" ? kind : "damaged",
      byte,
    } as const;
    return patternBits(pattern, samplesOf(character, at8N1)) !== null;
  });
  return fits.length / received.length;
}

Deno.test("all that a receiver 2 to 32 times too fast gets is of the pattern, whatever the framing", () => {
  for (const ratio of [2, 3, 4, 6, 8, 12, 16, 32]) {
    for (const sent of Object.keys(sentFramings)) {
      for (const clockErrorPpm of [-20_000, 0, 20_000]) {
        assert.equal(fitting(ratio, sent, clockErrorPpm), 1, `${sent}, ${ratio} times`);
      }
    }
  }
});

Deno.test("behind a low stop bit the pattern goes on where a 16550 takes it for a start bit", () => {
  const received = transfer({
    bytes: text,
    sender: { settings: { baud: 2400, ...at8N1 } },
    receiver: { settings: { baud: 9600, ...at8N1 } },
  });
  const behind = received.filter((_, index) =>
    received[index - 1]?.kind === "framing" && received[index - 2]?.kind === "byte"
  );
  assert.ok(behind.length > 5);
  const pattern = speedPattern(4, 9);
  for (const { kind, byte } of behind) {
    const character = {
      kind: kind === "byte" || kind === "break" ? kind : "damaged",
      byte,
    } as const;
    assert.notEqual(patternBits(pattern, samplesOf(character, at8N1)), null);
  }
});

Deno.test("text at the right speed is hardly ever of a pattern", () => {
  const pattern = speedPattern(2);
  const fits = [...text].filter((byte) =>
    patternBits(pattern, samplesOf({ kind: "byte", byte }, at8N1)) !== null
  );
  assert.equal(fits.length, 0);
});

Deno.test("a receiver that is too slow, or hardly too fast, sees no pattern", () => {
  for (const ratio of [0.5, 1, 1.5]) assert.deepEqual(speedPattern(ratio).masks, []);
});

Deno.test("a break forces more samples the slower the line is", () => {
  const forced = [2, 4, 8, 16].map((ratio) =>
    patternBits(speedPattern(ratio), samplesOf({ kind: "break", byte: 0 }, at8N1))
  );
  assert.deepEqual(forced, [5, 7, 8, 9]);
});
