// What was read from a serial port, as text that people can read and that can be turned back into
// the very bytes. Behind a backslash stands one of \ " r n t x <, and a backslash that was sent is
// doubled: no bytes look like a mark. Pure.
//
//   N 044 01        printable ASCII as it is, but for \\ and \"
//   \r \n \t \xE9   other bytes
//   \xFF            a byte FF: the kernel hands out FF FF
//   \<damaged:41>   the byte 41, with a wrong parity or stop bit: FF 00 41
//   \<break>        a break, or a damaged NUL, which look alike: FF 00 00
//   \<mark:FF>      the part of a mark that is in this read, when two reads cut it; also an FF that
//                   waited from before the marks were switched on

const named: ReadonlyMap<number, string> = new Map([
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0d, "\\r"],
  [0x22, '\\"'],
  [0x5c, "\\\\"],
]);

const escaped: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const isPrintable = byte >= 0x20 && byte <= 0x7e;
  return named.get(byte) ?? (isPrintable ? String.fromCharCode(byte) : `\\x${hex(byte)}`);
});

export class RawText {
  /** Bytes of a mark that the last read ended in. */
  #begun: 0 | 1 | 2 = 0;

  /** What was cut off goes on no more: the port was opened anew, or reads are missing. */
  restart(): void {
    this.#begun = 0;
  }

  /** The bytes of the next read. */
  of(bytes: Uint8Array): string {
    let at = this.#restOfMark(bytes);
    let text = at === 0 ? "" : part(bytes.subarray(0, at));
    while (at < bytes.length) {
      const byte = bytes[at] ?? 0;
      if (byte !== 0xff) {
        text += escaped[byte];
        at += 1;
        continue;
      }
      const mark = bytes.subarray(at, at + markLength(bytes, at));
      text += this.#mark(mark, at + mark.length === bytes.length);
      at += mark.length;
    }
    return text;
  }

  /** How many of the bytes belong to the mark that the last read ended in. */
  #restOfMark(bytes: Uint8Array): number {
    const begun = this.#begun;
    const [first] = bytes;
    if (begun === 0 || first === undefined) return 0;
    this.#begun = 0;
    if (begun === 2 || first === 0xff) return 1;
    if (first !== 0) return 0;
    if (bytes.length === 1) this.#begun = 2;
    return Math.min(2, bytes.length);
  }

  #mark(mark: Uint8Array, isLast: boolean): string {
    const [, second, third] = mark;
    if (second === 0xff) return "\\xFF";
    if (third !== undefined) return third === 0 ? "\\<break>" : `\\<damaged:${hex(third)}>`;
    if (isLast) this.#begun = second === undefined ? 1 : 2;
    return part(mark);
  }
}

/** Length of what the FF at `at` begins, as far as it was read. */
function markLength(bytes: Uint8Array, at: number): number {
  const next = bytes[at + 1];
  if (next === 0xff) return 2;
  return next === 0 ? Math.min(3, bytes.length - at) : 1;
}

function part(bytes: Uint8Array): string {
  return `\\<mark:${Array.from(bytes, hex).join("")}>`;
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}
