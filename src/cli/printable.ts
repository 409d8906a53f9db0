// Bytes that came from outside, as a terminal may show them.

const escapes: Readonly<Record<number, string>> = {
  0x09: "\\t",
  0x0a: "\\n",
  0x0d: "\\r",
  0x5c: "\\\\",
};

/**
 * One by one: what is not printable ASCII as an escape, `\x02`, for control characters could do
 * anything there.
 */
export function printable(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    if (isPlain) return String.fromCharCode(byte);
    return escapes[byte] ?? `\\x${byte.toString(16).padStart(2, "0")}`;
  }).join("");
}
