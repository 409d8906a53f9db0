// Undoes the kernel's PARMRK marks: what a port with `PARMRK | INPCK` hands out becomes characters
// again, each with what the UART thought of it. A read may end anywhere, also inside a mark. Pure.

/**
 * `byte`: arrived whole. `damaged`: with a wrong parity or stop bit; the mark does not say which.
 * `break`: the line was low for a whole character, or a NUL was damaged: both are `FF 00 00`, and
 * only the driver's counters (TIOCGICOUNT) tell them apart. Its byte is 0.
 */
export type CharacterKind = "byte" | "damaged" | "break";

/** One character as the UART saw it, with as many data bits as the port is set to. */
export interface Character {
  readonly kind: CharacterKind;
  readonly byte: number;
}

/** Each is how many bytes of the mark have been read. */
const marks = { none: 0, begun: 1, damage: 2 } as const;

export class MarkDecoder {
  #mark: (typeof marks)[keyof typeof marks] = marks.none;

  /** Bytes of a mark that has begun and whose end has not been read yet. */
  get pendingBytes(): number {
    return this.#mark;
  }

  /**
   * The characters in the bytes of one read; a mark that is cut off goes on with the next. Marks as
   * in n_tty.c: `FF FF` is a true FF, `FF 00 c` a damaged c. An FF before anything else was read
   * before the marks were switched on, and is itself.
   */
  push(bytes: Uint8Array): Character[] {
    const characters: Character[] = [];
    for (const byte of bytes) {
      if (this.#mark === marks.damage) {
        characters.push(character(byte === 0 ? "break" : "damaged", byte));
        this.#mark = marks.none;
      } else if (this.#mark === marks.begun) {
        this.#mark = byte === 0 ? marks.damage : marks.none;
        if (byte !== 0) characters.push(character("byte", 0xff));
        if (byte !== 0 && byte !== 0xff) characters.push(character("byte", byte));
      } else if (byte === 0xff) {
        this.#mark = marks.begun;
      } else {
        characters.push(character("byte", byte));
      }
    }
    return characters;
  }
}

/** Made once: a line brings millions. */
const made: Readonly<Record<CharacterKind, readonly Character[]>> = {
  byte: all("byte"),
  damaged: all("damaged"),
  break: all("break"),
};

function all(kind: CharacterKind): Character[] {
  return Array.from({ length: 256 }, (_, byte) => Object.freeze({ kind, byte }));
}

function character(kind: CharacterKind, byte: number): Character {
  return made[kind][byte] ?? { kind, byte };
}
