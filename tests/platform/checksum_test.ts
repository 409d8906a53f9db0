import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { continueChecksum } from "../../src/platform/checksum.ts";

Deno.test("a checksum does not depend on how the bytes were cut into pieces", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
    const inPieces = continueChecksum(
      continueChecksum(0, bytes.subarray(0, cut)),
      bytes.subarray(cut),
    );
    assert.equal(inPieces, crc32(bytes));
  }));
});

Deno.test("a checksum stays right when the code that asks for it has been optimized", () => {
  const bytes = Uint8Array.from({ length: 110 }, (_, i) => i * 7);
  for (let i = 0; i < 100_000; i++) {
    bytes[0] = i & 0xff;
    bytes[1] = i >> 8 & 0xff;
    const inPieces = continueChecksum(
      continueChecksum(0, bytes.subarray(0, 60)),
      bytes.subarray(60),
    );
    if (inPieces !== crc32(bytes)) assert.fail(`round ${i}`);
  }
});
