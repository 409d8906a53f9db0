// Characters of a line, made into runs of bytes that can be recorded.

import type { Run } from "../source.ts";
import { decode, type DecodedByte, type Frame, type Framing } from "./framing.ts";
import type { Character } from "./mark_decoder.ts";

/** How a character becomes a byte; `null` when it is none. */
export type CharacterDecoder = (character: Character) => DecodedByte | null;

/** Of a line with this framing, read by this receiver; without a framing, bytes are as they are. */
export function decoderFor(framing: Framing | undefined, receiver: Frame): CharacterDecoder {
  if (framing !== undefined) return (character) => decode(character, { framing, receiver });
  return ({ kind, byte }) => kind === "break" ? null : { byte, damaged: kind === "damaged" };
}

export class LineRuns {
  readonly #runs: Run[] = [];
  readonly #bytes: Uint8Array;
  #count = 0;
  /** Of the run that is being filled. */
  #from = 0;
  #timeMs = 0;
  #begins = false;

  /** For at most `most` characters. */
  constructor(most: number) {
    this.#bytes = new Uint8Array(most);
  }

  /** A byte that can be trusted goes on with those before it; any other thing stands alone. */
  add(decoded: DecodedByte | null, timeMs: number): void {
    const alone = decoded === null || decoded.damaged;
    if (alone || timeMs !== this.#timeMs) this.#endRun();
    this.#timeMs = timeMs;
    if (decoded !== null) this.#bytes[this.#count++] = decoded.byte;
    if (alone) this.#push(true);
  }

  /** What is added next was read at other settings than what came out before. */
  cut(): void {
    this.#endRun();
    this.#begins = true;
  }

  /** All is added. */
  end(): Run[] {
    this.#endRun();
    return this.#runs;
  }

  #endRun(): void {
    if (this.#count > this.#from) this.#push(false);
  }

  #push(damaged: boolean): void {
    const bytes = this.#bytes.subarray(this.#from, this.#count);
    const run = { bytes, timeMs: this.#timeMs, damaged };
    this.#runs.push(this.#begins ? { ...run, begins: true } : run);
    this.#from = this.#count;
    this.#begins = false;
  }
}
