// What a character is worth for a line whose settings are known: for each framing at this speed,
// whether it is read in step or not. Here noise must not pass for a change of settings; while
// settings are still looked for, line_odds.ts is fairer to those at other speeds. Pure.

import { Alignment } from "./alignment.ts";
import { blindShare } from "./blind_draw.ts";
import { frameLength, type Framing, type ReceiverSettings, samplesOf } from "./framing.ts";
import type { Character } from "./mark_decoder.ts";

/** However sure the number of stop bits is, the other keeps so much. */
const leastShare = 0.02;

interface Track {
  readonly alignment: Alignment;
  share: number;
}

export class LockedOdds {
  readonly #receiver: ReceiverSettings;
  /** For each framing, with one stop bit and with two; none where frames are of another length. */
  readonly #tracks: readonly (readonly Track[])[];

  constructor(receiver: ReceiverSettings, framings: readonly Framing[]) {
    this.#receiver = receiver;
    this.#tracks = framings.map((framing) => {
      if (frameLength(framing) !== frameLength(receiver)) return [];
      return ([1, 2] as const).map((stopBits) => ({
        alignment: new Alignment(framing, stopBits),
        share: 0.5,
      }));
    });
  }

  /** The receiver is in step. */
  settle(): void {
    for (const { alignment } of this.#tracks.flat()) alignment.settle();
  }

  /** For each framing, in bits against a blind draw; `null` where frames are of another length. */
  of(character: Character): (number | null)[] {
    const blind = blindShare(samplesOf(character, this.#receiver), this.#receiver);
    const readings = readingsOf(character, this.#receiver);
    return this.#tracks.map((tracks) => {
      if (tracks.length === 0) return null;
      const likely = tracks.map(({ alignment, share }) => share * alignment.read(readings, blind));
      const all = likely.reduce((sum, each) => sum + each, 0);
      tracks.forEach((track, index) => {
        const share = (likely[index] ?? 0) / all;
        track.share = Math.min(1 - leastShare, Math.max(leastShare, share));
      });
      return Math.log2(all / blind);
    });
  }
}

/** All levels: a damaged character of a receiver with parity has that wrong, or else the stop bit. */
function readingsOf(character: Character, receiver: ReceiverSettings): number[] {
  const { bits, count } = samplesOf(character, receiver);
  const stop = frameLength(receiver) - 2;
  return count > stop ? [bits] : [bits, bits | 1 << stop, bits ^ 1 << receiver.dataBits];
}
