// CRC-32 over bytes that come in pieces. One piece is Node's `crc32`, four times as fast as the table
// below; further pieces are not: on Deno 2.4 its starting value is misread once the caller has been
// optimized, when it is 2^31 or more (measured on 2.4.2; right on 2.9.6).

import { crc32 } from "node:zlib";

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder >>> 1) ^ ((remainder & 1) === 1 ? 0xedb88320 : 0);
  }
  return remainder;
});

/** CRC-32 of what had the checksum `before`, followed by `bytes`. */
export function continueChecksum(before: number, bytes: Uint8Array): number {
  if (before === 0) return crc32(bytes);
  let remainder = ~before;
  for (const byte of bytes) {
    remainder = (remainder >>> 8) ^ (table[(remainder ^ byte) & 0xff] ?? 0);
  }
  return ~remainder >>> 0;
}
