// A stretch of traffic heard at one setting of the receiver, and what was good in it for each
// framing that the line may have.

import { frameLength, type Framing, framings, type ReceiverSettings } from "./framing.ts";
import type { Beginning } from "./line_odds.ts";
import { codeOf } from "./line_odds.ts";
import type { Character } from "./mark_decoder.ts";
import type { DecodableSpan } from "./detection.ts";
import type { Suspect } from "./line_scores.ts";

export class Listening {
  readonly receiver: ReceiverSettings;
  /** The first character's number, counted from the first ever. */
  readonly from: number;
  #count = 0;
  #begun: Beginning;
  readonly #good = framings.map(() => 0);
  readonly #distinct = new Set<number>();

  constructor(options: {
    readonly receiver: ReceiverSettings;
    readonly from: number;
    /** Where its first character begins. @default {"unknown"} */
    readonly begun?: Beginning;
  }) {
    this.receiver = options.receiver;
    this.from = options.from;
    this.#begun = options.begun ?? "unknown";
  }

  get count(): number {
    return this.#count;
  }

  get to(): number {
    return this.from + this.#count;
  }

  /** Where the next character begins. */
  get begun(): Beginning {
    return this.#begun;
  }

  /** How many different characters were good for some framing. */
  get distinct(): number {
    return this.#distinct.size;
  }

  /** `odds` of the framings at the receiver's speed. */
  note(character: Character, odds: Float64Array): void {
    this.#count++;
    const isStopLow = character.kind === "damaged" && this.receiver.parity === "none";
    this.#begun = !isStopLow ? "edge" : this.#begun === "edge" ? "low_stop" : "unknown";
    let isText = false;
    for (let index = 0; index < odds.length; index++) {
      if ((odds[index] ?? 0) <= 0) continue;
      this.#good[index] = (this.#good[index] ?? 0) + 1;
      isText = true;
    }
    if (isText) this.#distinct.add(codeOf(character));
  }

  goodFor(framing: Framing): number {
    return this.#good[framings.indexOf(framing)] ?? 0;
  }

  /** How to decode it if the line is so; `null` where the receiver's frame was not the sender's. */
  spanFor({ baudRate, framing }: Suspect): DecodableSpan | null {
    const { receiver, from, to } = this;
    const isReadable = receiver.baudRate === baudRate &&
      frameLength(receiver) === frameLength(framing);
    return isReadable && to > from ? { from, to, framing, receiver } : null;
  }
}
