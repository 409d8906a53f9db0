// Finds speed and framing of a line from what a receiver makes of its traffic, and watches them
// from then on. A sequential test over all speeds and framings at once: each character moves the
// odds of each (line_odds.ts), also of those that the receiver is not set to, so that nothing
// learned at one setting is lost at the next. It judges by characters, never by time: silence says
// nothing. Pure: it neither reads nor sets a port.
//
// It stays where the likeliest settings can be read. Where they cannot, it asks for the fastest of
// those about as likely: a receiver that is too fast sees by how much (speed_pattern.ts) within a
// few characters, one that is too slow sees only errors. Settings are taken when they lead every
// other by far. Then all others are kept at a fixed distance behind: it takes a run of contrary
// evidence to overtake, which noise never is, and the sender's change of settings soon.

import { describeLine, describeMismatch, whyAccept, whyLost, whyTry } from "./detection_words.ts";
import {
  type Frame,
  frameLength,
  type Framing,
  framings,
  isFramed,
  isSameReceiver,
  type ReceiverSettings,
} from "./framing.ts";
import { type Beginning, codeOf, LineOdds } from "./line_odds.ts";
import { type Leader, LineScores, type Suspect } from "./line_scores.ts";
import type { Character } from "./mark_decoder.ts";

/** Leads, in bits, at which something is decided; found by simulation. */
const lead = {
  toTry: 10,
  toAccept: 30,
  toAcceptMixed: 60,
  overMixed: 8,
  asLikely: 4,
  whenLocked: 60,
  most: 60,
};

/** What is known before the first character, in bits. */
const prior = { remembered: 12, start: 2, nineOrElevenBits: -6, topBitVaries: -10 };

/** Settings are taken only on so many different characters. */
const minDistinct = 8;

/** Of good characters there must be so many for each bad one. */
const goodForBad = 2;

/** So many characters beyond those that an acceptance needs a setting has to prove itself. */
const patience = 100;

/** A stretch of characters, counted from the first ever pushed, that can be decoded. */
export interface DecodableSpan {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** For `decode`. */
  readonly framing: Framing;
  readonly receiver: ReceiverSettings;
}

/** `accept`: the line is so. Everything pushed before that was read at its settings is in `spans`. */
export interface Accept {
  readonly kind: "accept";
  readonly line: Suspect;
  /** 0 to 1, against all other settings known. */
  readonly confidence: number;
  /** Good characters that it rests on. */
  readonly evidenceBytes: number;
  readonly spans: readonly DecodableSpan[];
  readonly why: string;
}

/** `try`: set the receiver so, without flushing, and call `applied`. */
export interface Try {
  readonly kind: "try";
  readonly receiver: ReceiverSettings;
  readonly why: string;
}

/** `lost`: the line is not any more what it was; about `from` on. It is being looked for again. */
export interface Lost {
  readonly kind: "lost";
  readonly line: Suspect;
  readonly from: number;
  readonly why: string;
}

export type Decision = Accept | Try | Lost;

export interface LineDetectorOptions {
  /** Speeds that the line may have; the receiver is set to no others. */
  readonly baudRates: readonly number[];
  /** Good characters without which nothing is accepted. */
  readonly minBytes: number;
  /** What worked on this port the last time. */
  readonly remembered?: Frame & { readonly baudRate: number };
  /** What is configured: never changed, only compared with what the line looks like. */
  readonly fixed?: { readonly baudRate?: number; readonly frame?: Frame };
}

interface Listening {
  readonly from: number;
  readonly receiver: ReceiverSettings;
}

export class LineDetector {
  readonly #options: LineDetectorOptions;
  readonly #baudRates: readonly number[];
  readonly #scores: LineScores;
  #odds: LineOdds;
  #position = 0;
  #listening: Listening;
  /** Earlier stretches of this search, each at one setting. */
  #stretches: (Listening & { readonly to: number })[] = [];
  #asked: ReceiverSettings | null = null;
  #locked: Leader | null = null;
  /** Since when the locked settings are in doubt; `null` while they lead by all that they can. */
  #doubtFrom: number | null = null;
  #begun: Beginning = "unknown";
  /** Where patience with the present setting began. */
  #patienceFrom = 0;
  #good: number[] = [];
  #bad: number[] = [];
  #distinct = new Set<number>();
  #mismatch: string | null = null;

  constructor(options: LineDetectorOptions) {
    this.#options = options;
    const { fixed, remembered } = options;
    const more = [fixed?.baudRate, remembered?.baudRate].filter((rate) => rate !== undefined);
    this.#baudRates = [...new Set([...options.baudRates, ...more])];
    const receiver = this.#firstReceiver();
    this.#scores = new LineScores({
      suspects: this.#baudRates.flatMap((baudRate) =>
        framings.map((framing) => ({ baudRate, framing }))
      ),
      prior: (suspect) => this.#prior(suspect, receiver),
    });
    this.#odds = this.#oddsAt(receiver);
    this.#listening = { from: 0, receiver };
    this.#forgetCounts();
  }

  /** What the receiver is to be set to before the first character, and is set to since `applied`. */
  get receiver(): ReceiverSettings {
    return this.#listening.receiver;
  }

  /** The settings that were accepted; `null` while they are looked for. */
  get line(): Suspect | null {
    return this.#locked?.suspect ?? null;
  }

  /** What the line most likely is by now, for people, and for bytes that cannot wait. */
  get best(): { readonly line: Suspect; readonly confidence: number } | null {
    const best = this.#scores.leader((suspect) => this.#isAllowed(suspect));
    return best && { line: best.suspect, confidence: confidenceOf(this.#leadOf(best)) };
  }

  /** How the line contradicts what is configured: `set to 9600 8N1, the line looks like 9600 7E1`. */
  get mismatch(): string | null {
    return this.#mismatch;
  }

  /** From here on characters are read at this setting. */
  applied(receiver: ReceiverSettings): void {
    this.#asked = null;
    this.#stretches.push({ ...this.#listening, to: this.#position });
    this.#listening = { from: this.#position, receiver };
    this.#odds = this.#oddsAt(receiver);
    this.#patienceFrom = this.#position;
    this.#begun = "unknown";
    this.#forgetCounts();
  }

  /** Takes the characters of a read, all at the present setting. Mostly decides nothing. */
  push(characters: readonly Character[]): Decision[] {
    const decisions: Decision[] = [];
    for (const character of characters) {
      this.#weigh(character);
      const decision = this.#locked === null ? this.#accept() : this.#watch(this.#locked);
      if (decision !== null) decisions.push(decision);
    }
    if (this.#locked === null) {
      const next = this.#next();
      if (next !== null) decisions.push(next);
    }
    return decisions;
  }

  #weigh(character: Character): void {
    const odds = this.#odds.of(character, this.#begun);
    const isStopLow = character.kind === "damaged" && this.receiver.parity === "none";
    this.#begun = !isStopLow ? "edge" : this.#begun === "edge" ? "low_stop" : "unknown";
    const code = codeOf(character);
    this.#scores.add(code, odds, {
      isDamaged: character.kind === "damaged",
      trustedBaudRate: this.#locked?.suspect.baudRate ?? null,
    });
    this.#position++;
    const first = this.#baudRates.indexOf(this.receiver.baudRate) * framings.length;
    let isText = false;
    for (let index = 0; index < framings.length; index++) {
      const counts = (odds[first + index] ?? 0) > 0 ? this.#good : this.#bad;
      counts[index] = (counts[index] ?? 0) + 1;
      if (counts === this.#good) isText = true;
    }
    if (isText) this.#distinct.add(code);
  }

  #accept(): Accept | null {
    const best = this.#scores.leader();
    if (best === null) return null;
    this.#scores.limitLag(best.score, lead.most);
    this.#compare(best);
    if (!this.#isAllowed(best.suspect) || !this.#isReadHere(best.suspect)) return null;
    const { framing } = best.suspect;
    const good = this.#good[framings.indexOf(framing)] ?? 0;
    const bad = this.#bad[framings.indexOf(framing)] ?? 0;
    const margin = this.#leadOf(best);
    if (
      margin < (framing.topBitVaries ? lead.toAcceptMixed : lead.toAccept) ||
      this.#leadOverMixed(best) < lead.overMixed ||
      good < this.#options.minBytes || good < goodForBad * bad || this.#distinct.size < minDistinct
    ) return null;
    const spans = this.#spansOf(best.suspect);
    this.#locked = best;
    this.#doubtFrom = null;
    this.#asked = null;
    this.#stretches = [];
    return {
      kind: "accept",
      line: best.suspect,
      confidence: confidenceOf(margin),
      evidenceBytes: good,
      spans,
      why: whyAccept(best.suspect, good),
    };
  }

  #watch(locked: Leader): Lost | null {
    const score = this.#scores.scoreOf(locked.index);
    this.#scores.limitLag(score, lead.whenLocked);
    const rival = this.#scores.leader((_, index) => index !== locked.index);
    const behind = score - (rival?.score ?? -Infinity);
    if (behind >= lead.whenLocked) {
      this.#doubtFrom = null;
      return null;
    }
    if (this.#doubtFrom === null) {
      this.#doubtFrom = this.#position - 1;
      this.#forgetCounts();
    }
    if (behind > -lead.toTry) return null;
    const from = this.#doubtFrom;
    this.#locked = null;
    this.#doubtFrom = null;
    this.#listening = { from, receiver: this.receiver };
    this.#patienceFrom = this.#position;
    return {
      kind: "lost",
      line: locked.suspect,
      from,
      why: whyLost(locked.suspect, this.#position - from),
    };
  }

  /** Another setting of the receiver, when the likeliest settings cannot be read here. */
  #next(): Try | null {
    this.#losePatience();
    const best = this.#scores.leader((suspect) => this.#isAllowed(suspect));
    const here = this.#scores.leader((suspect) =>
      this.#isAllowed(suspect) && this.#isReadHere(suspect)
    );
    if (best === null || best.score - (here?.score ?? -Infinity) < lead.toTry) return null;
    const likely = this.#likely(best, (suspect) => this.#isAllowed(suspect));
    const fastest = Math.max(...likely.map(({ baudRate }) => baudRate));
    const target = this.#scores.leader((suspect) =>
      suspect.baudRate === fastest && likely.includes(suspect)
    );
    if (target === null) return null;
    const receiver = receiverFor(target.suspect);
    if (isSameReceiver(receiver, this.#asked ?? this.receiver)) return null;
    this.#asked = receiver;
    return { kind: "try", receiver, why: whyTry(this.receiver, target.suspect) };
  }

  /** Some lines look for ever as if they might be read here; elsewhere they show what they are. */
  #losePatience(): void {
    const waited = this.#position - this.#patienceFrom;
    if (waited < this.#options.minBytes + patience || this.#distinct.size < minDistinct) return;
    this.#scores.lower(lead.most, (suspect) => this.#isReadHere(suspect));
    this.#patienceFrom = this.#position;
  }

  #likely(best: Leader, counts: (suspect: Suspect) => boolean): Suspect[] {
    return this.#scores.suspects.filter((suspect, index) =>
      this.#scores.scoreOf(index) >= best.score - lead.asLikely && counts(suspect)
    );
  }

  /** Says so when the line contradicts what is configured. */
  #compare(best: Leader): void {
    if (this.#options.fixed === undefined) return;
    const allowed = this.#scores.leader((suspect) => this.#isAllowed(suspect));
    if (allowed === null || allowed.index === best.index) {
      this.#mismatch = null;
    } else if (best.score - allowed.score >= lead.toAccept) {
      const set = describeLine(allowed.suspect);
      const likely = this.#likely(best, () => true);
      this.#mismatch = describeMismatch({ set, receiver: this.receiver, likely });
    }
  }

  #spansOf(line: Suspect): DecodableSpan[] {
    const stretches = [...this.#stretches, { ...this.#listening, to: this.#position }];
    return stretches.filter(({ receiver }) =>
      receiver.baudRate === line.baudRate && frameLength(receiver) === frameLength(line.framing)
    ).map((stretch) => ({ ...stretch, framing: line.framing }));
  }

  /** Text whose top bit may be anything is no rival of one with rules for it, only a fallback. */
  #leadOf(leader: Leader): number {
    const second = this.#scores.leader(({ baudRate, framing }, index) =>
      index !== leader.index && !(framing.topBitVaries && baudRate === leader.suspect.baudRate)
    );
    return leader.score - (second?.score ?? -Infinity);
  }

  #leadOverMixed(leader: Leader): number {
    const mixed = this.#scores.leader(({ baudRate, framing }) =>
      framing.topBitVaries && baudRate === leader.suspect.baudRate
    );
    return mixed === null || mixed.index === leader.index ? Infinity : leader.score - mixed.score;
  }

  #isReadHere(suspect: Suspect): boolean {
    return isSameReceiver(receiverFor(suspect), this.receiver);
  }

  #isAllowed({ baudRate, framing }: Suspect): boolean {
    const { fixed } = this.#options;
    return (fixed?.baudRate === undefined || fixed.baudRate === baudRate) &&
      (fixed?.frame === undefined || isFramed(framing, fixed.frame));
  }

  #firstReceiver(): ReceiverSettings {
    const { fixed, remembered, baudRates } = this.#options;
    const usual = baudRates.includes(9600) ? 9600 : baudRates[0] ?? 9600;
    const baudRate = fixed?.baudRate ?? remembered?.baudRate ?? usual;
    const frame = fixed?.frame ?? remembered;
    const framing = frame && framings.find((each) => isFramed(each, frame));
    return { baudRate, dataBits: 8, parity: "none", stopBits: 1, ...(framing?.receiver ?? frame) };
  }

  #prior(suspect: Suspect, receiver: ReceiverSettings): number {
    const { baudRate, framing } = suspect;
    const { remembered } = this.#options;
    const isRemembered = remembered !== undefined && remembered.baudRate === baudRate &&
      isFramed(framing, remembered) && !framing.topBitVaries;
    return (isRemembered ? prior.remembered : 0) +
      (baudRate === receiver.baudRate ? prior.start : 0) +
      (frameLength(framing) === 10 ? 0 : prior.nineOrElevenBits) +
      (framing.topBitVaries ? prior.topBitVaries : 0);
  }

  #oddsAt(receiver: ReceiverSettings): LineOdds {
    return new LineOdds({ receiver, baudRates: this.#baudRates, framings });
  }

  #forgetCounts(): void {
    this.#good = framings.map(() => 0);
    this.#bad = framings.map(() => 0);
    this.#distinct.clear();
  }
}

/** What a receiver must be set to for a line to be read whole. */
export function receiverFor({ baudRate, framing }: Suspect): ReceiverSettings {
  return { baudRate, ...framing.receiver };
}

function confidenceOf(margin: number): number {
  return Math.max(0, 1 - 2 ** -margin);
}
