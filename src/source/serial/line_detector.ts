// Finds speed and framing of a line from what a receiver makes of its traffic, and watches them
// from then on. A sequential test over all speeds and framings at once: each character moves the
// odds of each (line_odds.ts), also of those that the receiver is not set to, so that nothing
// learned at one setting is lost at the next. It judges by characters, never by time: silence says
// nothing. Pure: it neither reads nor sets a port.
//
// It stays where the likeliest settings can be read. Where they cannot, it asks for the fastest of
// those about as likely: a receiver that is too fast sees by how much (speed_pattern.ts) within a
// few characters, one that is too slow sees only errors. Settings are taken when they lead all
// others by far. From then on these are kept within a fixed distance: it takes a run of contrary
// evidence to overtake, which noise hardly ever is, and a sender's change of settings soon.

import type {
  Accept,
  Decision,
  DecodableSpan,
  LineDetectorOptions,
  Lost,
  Try,
} from "./detection.ts";
import {
  cleanShare,
  goodForBad,
  lead,
  minBad,
  minDistinct,
  minHeard,
  minVaried,
  patience,
  patienceWhenNear,
} from "./detection_thresholds.ts";
import { describeMismatch, whyAccept, whyLost, whyTry } from "./detection_words.ts";
import { framings, isSameReceiver, type ReceiverSettings } from "./framing.ts";
import { firstReceiver, isAllowed, priorOf, receiverFor } from "./known_settings.ts";
import { leadOverMixed, leadOverRivals, leadWhenLocked } from "./line_leads.ts";
import { characterCodes, codeOf, LineOdds } from "./line_odds.ts";
import {
  confidenceOf,
  type Leader,
  LineScores,
  type RankedSuspect,
  type Suspect,
} from "./line_scores.ts";
import { Listening } from "./listening.ts";
import type { Character } from "./mark_decoder.ts";

/** Rare characters of text speak no more against it than so, in bits. */
const rareOdds = -2;

/** Stretches of one search that are remembered for their bytes. */
const mostStretches = 32;

export class LineDetector {
  readonly #options: LineDetectorOptions;
  readonly #baudRates: readonly number[];
  readonly #scores: LineScores;
  /** By suspect, whether it contradicts nothing that is configured. */
  readonly #allowed: readonly boolean[];
  #odds: LineOdds;
  #position = 0;
  #listening: Listening;
  /** Earlier stretches of this search. */
  #stretches: Listening[] = [];
  #asked: ReceiverSettings | null = null;
  #locked: Leader | null = null;
  /** The locked settings lead by all that they can. */
  #isSettled = false;
  /** For each character: whether it leaves settled settings so; 0 while not known. */
  readonly #settles = new Int8Array(characterCodes);
  /** Where patience with the present setting began. */
  #patientFrom = 0;
  #mismatch: string | null = null;

  constructor(options: LineDetectorOptions) {
    this.#options = options;
    const { fixed, remembered } = options;
    const more = [fixed?.baudRate, remembered?.baudRate].filter((rate) => rate !== undefined);
    this.#baudRates = [...new Set([...options.baudRates, ...more])];
    const receiver = firstReceiver(options);
    this.#scores = new LineScores({
      suspects: this.#baudRates.flatMap((baudRate) =>
        framings.map((framing) => ({ baudRate, framing }))
      ),
      prior: (suspect) => priorOf(suspect, options),
    });
    this.#allowed = this.#scores.suspects.map((suspect) => isAllowed(suspect, options));
    this.#odds = new LineOdds({ receiver, baudRates: this.#baudRates, framings });
    this.#listening = new Listening({ receiver, from: 0 });
  }

  /** What the receiver is to be set to before the first character, and is set to since `applied`. */
  get receiver(): ReceiverSettings {
    return this.#listening.receiver;
  }

  /** The settings that were accepted; `null` while they are looked for. */
  get line(): Suspect | null {
    return this.#locked?.suspect ?? null;
  }

  /** What the line most likely is by now: for people, and for bytes that cannot wait. */
  get best(): { readonly line: Suspect; readonly confidence: number } | null {
    const best = this.#leaderAllowed();
    return best &&
      { line: best.suspect, confidence: confidenceOf(leadOverRivals(this.#scores, best)) };
  }

  /** All settings that the line may have, the likeliest first; before any character by custom. */
  get ranking(): RankedSuspect[] {
    return this.#scores.ranking();
  }

  /** How the line contradicts what is configured: `set to 9600 8N1, the line looks like 9600 7E1`. */
  get mismatch(): string | null {
    return this.#mismatch;
  }

  /** From here on characters are read at this setting. */
  applied(receiver: ReceiverSettings): void {
    this.#asked = null;
    this.#stretches = [...this.#stretches, this.#listening].slice(-mostStretches);
    this.#listening = new Listening({ receiver, from: this.#position });
    this.#odds = new LineOdds({ receiver, baudRates: this.#baudRates, framings });
    this.#patientFrom = this.#position;
    this.#settles.fill(0);
  }

  /** Takes the characters of a read, all at the present setting. Mostly decides nothing. */
  push(characters: readonly Character[]): Decision[] {
    const decisions: Decision[] = [];
    for (const character of characters) {
      if (this.#isSettled && this.#listening.begun === "edge" && this.#leavesSettled(character)) {
        this.#position++;
        continue;
      }
      this.#weigh(character);
      const decision = this.#locked === null ? this.#accept() : this.#watch(this.#locked);
      if (decision !== null) decisions.push(decision);
    }
    if (this.#locked === null) {
      this.#compare();
      const next = this.#next();
      if (next !== null) decisions.push(next);
    }
    return decisions;
  }

  #weigh(character: Character): void {
    if (this.#isSettled) {
      const { receiver, begun } = this.#listening;
      this.#listening = new Listening({ receiver, from: this.#position, begun });
      this.#odds.lock();
      this.#isSettled = false;
    }
    const odds = this.#odds.of(character, this.#listening.begun);
    this.#scores.add(codeOf(character), odds, {
      isDamaged: character.kind === "damaged",
      trustedBaudRate: this.#locked?.suspect.baudRate ?? null,
    });
    this.#listening.note(character, this.#odds.own(odds));
    this.#position++;
  }

  /** Spares text of a settled line, nearly all there is, the account of all suspects. */
  #leavesSettled(character: Character): boolean {
    const code = codeOf(character);
    if (character.kind !== "byte" || this.#locked === null) return false;
    if (this.#settles[code] === 0) {
      const own = this.#odds.alone(character, "edge")[this.#locked.index] ?? 0;
      this.#settles[code] = own >= rareOdds ? 1 : -1;
    }
    return this.#settles[code] === 1;
  }

  #accept(): Accept | null {
    const best = this.#scores.leader();
    if (best === null) return null;
    this.#scores.limitLag(best.score, lead.most);
    const { framing } = best.suspect;
    const good = this.#listening.goodFor(framing);
    if (
      good < this.#options.minBytes || good < goodForBad * (this.#listening.count - good) ||
      this.#listening.distinct < minDistinct || !this.#allowed[best.index]
    ) return null;
    const margin = leadOverRivals(this.#scores, best);
    if (
      margin < (framing.topBitVaries ? lead.toAcceptMixed : lead.toAccept) ||
      leadOverMixed(this.#scores, best) < lead.overMixed || !this.#isReadHere(best.suspect)
    ) return null;
    const spans = this.spansOf(best.suspect);
    this.#locked = best;
    this.#odds.lock();
    this.#settles.fill(0);
    this.#asked = null;
    this.#mismatch = null;
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
    const ahead = leadWhenLocked(this.#scores, { ...locked, score });
    this.#isSettled = ahead >= lead.whenLocked;
    const { from, count } = this.#listening;
    const bad = count - this.#listening.goodFor(locked.suspect.framing);
    if (ahead > -lead.toLose || bad < minBad) return null;
    this.#locked = null;
    this.#odds.unlock();
    this.#patientFrom = this.#position;
    return { kind: "lost", line: locked.suspect, from, why: whyLost(locked.suspect, count) };
  }

  /** Another setting of the receiver, when the likeliest settings cannot be read here. */
  #next(): Try | null {
    if (this.#listening.count < minHeard) return null;
    this.#losePatience();
    const best = this.#leaderAllowed();
    const here = this.#leaderAllowed((suspect) => this.#isReadHere(suspect));
    if (best === null || best.score - (here?.score ?? -Infinity) < lead.toTry) return null;
    const likely = this.#asLikelyAs(best, (index) => this.#allowed[index] ?? false);
    const fastest = Math.max(...likely.map(({ baudRate }) => baudRate));
    const target = this.#scores.leader((each) =>
      each.baudRate === fastest && likely.includes(each)
    );
    const receiver = target && receiverFor(target.suspect);
    if (!target || !receiver || isSameReceiver(receiver, this.#asked ?? this.receiver)) return null;
    this.#asked = receiver;
    return { kind: "try", receiver, why: whyTry(this.receiver, target.suspect) };
  }

  /** Some lines look for ever as if they might be read here; elsewhere they show what they are. */
  #losePatience(): void {
    const best = this.#leaderAllowed();
    const isNear = best !== null && this.#isReadHere(best.suspect) &&
      leadOverRivals(this.#scores, best) >= lead.toWait &&
      this.#listening.goodFor(best.suspect.framing) >= cleanShare * this.#listening.count;
    const most = (this.#options.minBytes + patience) * (isNear ? patienceWhenNear : 1);
    if (this.#position - this.#patientFrom < most || this.#listening.distinct < minVaried) return;
    if (this.#leaderAllowed((suspect) => !this.#isReadHere(suspect)) === null) return;
    this.#scores.lower(lead.most, (suspect) => this.#isReadHere(suspect));
    this.#patientFrom = this.#position;
  }

  #asLikelyAs(best: Leader, counts: (index: number) => boolean = () => true): Suspect[] {
    return this.#scores.suspects.filter((_, index) =>
      this.#scores.scoreOf(index) >= best.score - lead.asLikely && counts(index)
    );
  }

  /** Says so when the line contradicts what is configured. */
  #compare(): void {
    const { fixed } = this.#options;
    const best = fixed === undefined ? null : this.#scores.leader();
    if (fixed === undefined || best === null) return;
    const allowed = this.#leaderAllowed();
    if (allowed === null || allowed.index === best.index) {
      this.#mismatch = null;
    } else if (best.score - allowed.score >= lead.toAccept) {
      const { baudRate, framing } = allowed.suspect;
      const set = { ...fixed.frame ?? framing, baudRate };
      const likely = this.#asLikelyAs(best);
      this.#mismatch = describeMismatch({ set, receiver: this.receiver, likely });
    }
  }

  /** Where what was pushed in this search can be decoded, if the line is so. */
  spansOf(line: Suspect): DecodableSpan[] {
    return [...this.#stretches, this.#listening].map((stretch) => stretch.spanFor(line))
      .filter((span) => span !== null);
  }

  #isReadHere(suspect: Suspect): boolean {
    return isSameReceiver(receiverFor(suspect), this.receiver);
  }

  /** The best of those that contradict nothing that is configured, and for which `counts` holds. */
  #leaderAllowed(counts: (suspect: Suspect) => boolean = () => true): Leader | null {
    return this.#scores.leader((suspect, index) =>
      this.#allowed[index] === true && counts(suspect)
    );
  }
}
