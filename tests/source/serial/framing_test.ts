import assert from "node:assert/strict";
import fc from "fast-check";
import { type Reception, transfer } from "../../../src/simulate/uart.ts";
import {
  decode,
  type Frame,
  frameLength,
  frameName,
  type Framing,
  framings,
  isFramed,
} from "../../../src/source/serial/framing.ts";
import type { Character } from "../../../src/source/serial/mark_decoder.ts";
import { sentFramings } from "../../support/detection_windows.ts";

/** The framing that stands for one of the field. */
function framingFor(name: string): Framing {
  const frame = sentFramings[name];
  const found = framings.find((framing) => frame !== undefined && isFramed(framing, frame));
  assert.ok(found, name);
  return found;
}

function asCharacter({ kind, byte }: Reception): Character {
  return { kind: kind === "framing" || kind === "parity" ? "damaged" : kind, byte };
}

function receive(bytes: Uint8Array, sent: string, receiver: Frame): Character[] {
  const frame = sentFramings[sent];
  assert.ok(frame, sent);
  const baud = 9600;
  return transfer({
    bytes,
    sender: { settings: { baud, ...frame } },
    receiver: { settings: { baud, ...receiver } },
  }).map(asCharacter);
}

Deno.test("what is read at a framing's own receiver is decoded to the bytes that were sent", () => {
  fc.assert(fc.property(
    fc.constantFrom(...Object.keys(sentFramings)),
    fc.uint8Array({ min: 1, max: 127, maxLength: 60 }),
    (name, bytes) => {
      const framing = framingFor(name);
      const { receiver } = framing;
      const decoded = receive(bytes, name, receiver).map((each) =>
        decode(each, { framing, receiver })
      );
      assert.deepEqual(decoded, [...bytes].map((byte) => ({ byte, damaged: false })));
    },
  ));
});

Deno.test("a receiver at any ten-bit framing reads all the other ten-bit framings", () => {
  const tenBits = Object.entries(sentFramings).filter(([, frame]) =>
    frameLength(frame) === 10 && (frame.dataBits === 8 || frame.parity !== "none")
  );
  const bytes = Uint8Array.from({ length: 95 }, (_, index) => 0x20 + index);
  for (const [sent] of tenBits) {
    for (const [name, receiver] of tenBits) {
      const framing = framingFor(sent);
      const decoded = receive(bytes, sent, receiver).map((each) =>
        decode(each, { framing, receiver })
      );
      assert.deepEqual(
        decoded.map((each) => each?.byte),
        [...bytes],
        `${sent} read at ${name}`,
      );
      assert.ok(decoded.every((each) => each?.damaged === false), `${sent} read at ${name}`);
    }
  }
});

Deno.test("a wrong parity bit in software is damage, and the byte is kept", () => {
  const framing = framingFor("7E1");
  const read = (byte: number) =>
    decode({ kind: "byte", byte }, { framing, receiver: framing.receiver });
  assert.deepEqual(read(0x41), { byte: 0x41, damaged: false });
  assert.deepEqual(read(0x41 | 0x80), { byte: 0x41, damaged: true });
  assert.deepEqual(
    decode({ kind: "damaged", byte: 0x41 }, { framing, receiver: framing.receiver }),
    { byte: 0x41, damaged: true },
  );
});

Deno.test("a frame of another length and a break have no byte", () => {
  const eight = framingFor("8E1");
  assert.equal(
    decode({ kind: "byte", byte: 0x41 }, { framing: eight, receiver: framingFor("8N1").receiver }),
    null,
  );
  assert.equal(
    decode({ kind: "break", byte: 0 }, { framing: eight, receiver: eight.receiver }),
    null,
  );
});

Deno.test("each framing of the field is one of those told apart, or like one", () => {
  const told = Object.keys(sentFramings).map((name) => framingFor(name).name);
  assert.deepEqual(told, [
    "8N1",
    "8N1",
    "7E1",
    "7O1",
    "7M1",
    "7M1",
    "8N1",
    "8E1",
    "8O1",
    "7N1",
  ]);
  assert.equal(frameName({ dataBits: 7, parity: "even", stopBits: 1 }), "7E1");
});
