// What a serial line says: marks undone, speed and framing found and followed, parity checked and
// taken off. What comes before the settings are known is held, and recorded as far as it was read
// at what proves to be right. Of what no settings fit, however long it goes on, nothing is thrown
// away either: it is recorded as it was read, as damaged. Where settings are configured nothing is
// held: they always win, and the line is only compared with them. Pure: it neither reads nor sets a
// port.

import type { Run, SourceRead } from "../source.ts";
import type { Decision, DecodableSpan, LineDetectorOptions } from "./detection.ts";
import {
  type Framing,
  framings,
  isFramed,
  isSameReceiver,
  type ReceiverSettings,
} from "./framing.ts";
import { LineDetector } from "./line_detector.ts";
import { type CharacterDecoder, decoderFor, LineRuns } from "./line_runs.ts";
import type { RankedSuspect, Suspect } from "./line_scores.ts";
import { type Character, MarkDecoder } from "./mark_decoder.ts";
import { textOdds } from "./text_odds.ts";

/** Of what is held beyond this, the older half is recorded as it was read. */
const mostHeldBytes = 8 * 1024;

/** On a line that is quiet, settings as likely as this do for what is held. */
const likelyEnough = 0.95;

/** How much a damaged character speaks against text, in bits. */
const misframedOdds = -4;

/** So many bits against text at the start are more than a few rare characters. */
const clearlyMisframed = -8;

/** What came over the line since the start. */
export interface LineCounts {
  readonly characters: number;
  /** With a wrong parity or stop bit. */
  readonly damaged: number;
  readonly breaks: number;
  /** Read at settings that did not fit; in no record. */
  readonly undecodable: number;
}

export interface LineNews {
  readonly runs: Run[];
  readonly decisions: readonly Decision[];
}

interface Held {
  readonly character: Character;
  /** Counted from the first ever. */
  readonly position: number;
  readonly timeMs: number;
}

export class SerialLine {
  readonly #detector: LineDetector;
  #marks = new MarkDecoder();
  /** Where speed and frame are configured: how to read it, whatever it looks like. */
  readonly #fixed:
    | { readonly settings: ReceiverSettings; readonly decode: CharacterDecoder }
    | null;
  #asked: ReceiverSettings | null = null;
  #held: Held[] = [];
  /** What the receiver was set to for what came out last. */
  #readAt: ReceiverSettings | null = null;
  #position = 0;
  readonly #counts = { characters: 0, damaged: 0, breaks: 0, undecodable: 0 };

  constructor(options: LineDetectorOptions) {
    this.#detector = new LineDetector(options);
    const { baudRate, frame } = options.fixed ?? {};
    this.#fixed = baudRate === undefined || frame === undefined ? null : {
      settings: { baudRate, ...frame },
      decode: decoderFor(framingOf(frame), this.#detector.receiver),
    };
  }

  /** What the receiver is set to, or is to be set to when it is opened. */
  get receiver(): ReceiverSettings {
    return this.#detector.receiver;
  }

  /** What the receiver is to be set to instead, when all that it has received was pushed. */
  get asked(): ReceiverSettings | null {
    return this.#asked;
  }

  /** The line's settings, configured or found; `null` while they are looked for. */
  get settings(): ReceiverSettings | null {
    if (this.#fixed !== null) return this.#fixed.settings;
    const { line } = this.#detector;
    if (line === null) return null;
    const { dataBits, parity, stopBits } = line.framing;
    return { baudRate: line.baudRate, dataBits, parity, stopBits };
  }

  /** What the line was found to be, also where that is configured; `null` while it is not known. */
  get found(): Suspect | null {
    return this.#detector.line;
  }

  /** All that the line may be, the likeliest first. */
  get ranking(): RankedSuspect[] {
    return this.#detector.ranking;
  }

  /** How the line contradicts what is configured. */
  get mismatch(): string | null {
    return this.#detector.mismatch;
  }

  get counts(): LineCounts {
    return { ...this.#counts };
  }

  /** How many bytes of those pushed last have not come out, because it is not known what they mean. */
  get undecided(): number {
    const held = this.#held.reduce((sum, { character }) => sum + markedBytes(character), 0);
    return held + this.#marks.pendingBytes;
  }

  /** The port was opened, set so: what was cut off when it was closed goes on no more. */
  opened(receiver: ReceiverSettings): void {
    this.#marks = new MarkDecoder();
    this.applied(receiver);
  }

  /** The receiver is set so from here on. */
  applied(receiver: ReceiverSettings): void {
    this.#asked = null;
    this.#detector.applied(receiver);
  }

  push({ bytes, timeMs }: Pick<SourceRead, "bytes" | "timeMs">): LineNews {
    const characters = this.#marks.push(bytes);
    this.#counts.characters += characters.length;
    const { line: before } = this.#detector;
    const decisions = this.#detector.push(characters);
    const decode = this.#fixed?.decode ?? (before && decoderFor(before.framing, this.receiver));
    if (decode !== null && (decisions.length === 0 || this.#fixed !== null)) {
      this.#position += characters.length;
      this.#readAt = this.receiver;
      const runs = new LineRuns(characters.length);
      for (const character of characters) runs.add(decode(character), timeMs);
      return { runs: this.#counted(runs.end()), decisions: [] };
    }
    for (const character of characters) {
      this.#held.push({ character, position: this.#position++, timeMs });
    }
    const runs = new LineRuns(this.#held.length);
    for (const decision of decisions) this.#follow(decision, runs);
    const { line } = this.#detector;
    if (line !== null) this.#release(Infinity, decoderFor(line.framing, this.receiver), runs);
    this.#giveUpOldest(runs);
    return { runs: this.#counted(runs.end()), decisions };
  }

  /**
   * What is held, read by the likeliest settings, as no more comes: `for_now` if these are likely,
   * `at_all` in any case. Nothing where they need another receiver.
   */
  settle(quiet: "for_now" | "at_all"): Run[] {
    const { best } = this.#detector;
    if (best === null || quiet === "for_now" && best.confidence < likelyEnough) return [];
    const spans = this.#detector.spansOf(best.line);
    const end = spans.at(-1)?.to;
    if (end !== this.#position) return [];
    const runs = new LineRuns(this.#held.length);
    this.#takeSpans(spans, runs);
    return this.#counted(runs.end());
  }

  #follow(decision: Decision, runs: LineRuns): void {
    switch (decision.kind) {
      case "try":
        this.#asked = decision.receiver;
        break;
      case "lost":
        this.#release(decision.from, decoderFor(decision.line.framing, this.receiver), runs);
        break;
      case "accept":
        this.#asked = null;
        this.#takeSpans(decision.spans, runs);
        break;
    }
  }

  /** All that is held before `to`, read so. */
  #release(to: number, decode: CharacterDecoder, runs: LineRuns): void {
    while ((this.#held[0]?.position ?? Infinity) < to) {
      const held = this.#held.shift();
      if (held !== undefined) runs.add(decode(held.character), held.timeMs);
    }
  }

  /** What is held in the spans; what stands between them was read at settings that did not fit. */
  #takeSpans(spans: readonly DecodableSpan[], runs: LineRuns): void {
    for (const { from, to, framing, receiver } of spans) {
      this.#dropBefore(from);
      if (this.#readAt !== null && !isSameReceiver(receiver, this.#readAt)) runs.cut();
      this.#readAt = receiver;
      const decode = decoderFor(framing, receiver);
      const misframed: CharacterDecoder = (character) => {
        const decoded = decode(character);
        return decoded && { ...decoded, damaged: true };
      };
      this.#release(this.#textFrom(to, decode), misframed, runs);
      this.#release(to, decode, runs);
    }
  }

  /**
   * Where text begins in what is held before `to`. A receiver that is set in the middle of a sender's
   * character reads on shifted until there is a pause: at the right speed, but not text.
   */
  #textFrom(to: number, decode: CharacterDecoder): number {
    let from = 0;
    let sum = 0;
    let least = 0;
    for (const { character, position } of this.#held) {
      if (position >= to) break;
      const decoded = decode(character);
      sum += decoded === null || decoded.damaged
        ? misframedOdds
        : textOdds[decoded.byte & 0x7f] ?? 0;
      if (sum >= least) continue;
      least = sum;
      from = position + 1;
    }
    return least <= clearlyMisframed ? from : 0;
  }

  #dropBefore(position: number): void {
    const kept = this.#held.filter((held) => held.position >= position);
    this.#counts.undecodable += this.#held.length - kept.length;
    this.#held = kept;
  }

  #giveUpOldest(runs: LineRuns): void {
    if (this.undecided <= mostHeldBytes) return;
    const to = this.#held[Math.floor(this.#held.length / 2)]?.position ?? 0;
    this.#readAt = this.receiver;
    this.#release(to, ({ byte }) => ({ byte, damaged: true }), runs);
  }

  #counted(runs: Run[]): Run[] {
    for (const { damaged, bytes } of runs) {
      if (!damaged) continue;
      if (bytes.length > 0) this.#counts.damaged++;
      else this.#counts.breaks++;
    }
    return runs;
  }
}

/** How a line with this frame is told from others; `undefined` where none is known. */
function framingOf(frame: Parameters<typeof isFramed>[1]): Framing | undefined {
  return framings.find((framing) => isFramed(framing, frame));
}

/** Bytes that a port with marks hands out for a character. */
function markedBytes({ kind, byte }: Character): number {
  if (kind !== "byte") return 3;
  return byte === 0xff ? 2 : 1;
}
