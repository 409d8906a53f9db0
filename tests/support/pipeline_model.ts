// What must be in the streams after whatever happened, kept as plain arrays: what callers appended,
// what was promised to last, what was told as set aside, and which message ids were given out.

import assert from "node:assert/strict";
import { RecordHeader } from "../../src/record.ts";
import type { Journal } from "../../src/journal/journal.ts";
import type { JournalRecord } from "../../src/record.ts";
import { formatMessageId } from "../../src/delivery/message.ts";
import type { StreamMessage } from "../../src/delivery/stream_server.ts";
import { channel } from "./journal_box.ts";
import type { SimulatedNats } from "./simulated_nats.ts";
import type { SimulatedStream, StoredMessage } from "./simulated_stream.ts";

const decoder = new TextDecoder("latin1");
const headerBytes = new RecordHeader(channel).length;

/** What a line says behind its header. */
function textOf(line: Uint8Array): string {
  return decoder.decode(line.subarray(headerBytes, -1));
}

interface Appended {
  readonly text: string;
  /** "failed" where nobody knows what became of it; "later" where the disk could not be opened yet. */
  sequence: number | "failed" | "later";
}

/** What of a journal says how far its records are safe. */
type SafeJournal = Pick<Journal, "isOpen" | "lastSequence" | "durableSequence">;

/** What one channel was given. */
export class ChannelModel {
  readonly name: string;
  /** Oldest first. */
  readonly #appended: Appended[] = [];
  /** By text: its place among all that were appended. */
  readonly #places = new Map<string, number>();
  /** No power cut may take these. */
  readonly #promised = new Set<string>();
  /** Those before have been promised, or are gone with a power cut. */
  #undecided = 0;
  /** Those before stood in a journal that was deleted. */
  #forgotten = 0;

  constructor(name: string) {
    this.name = name;
  }

  get promised(): ReadonlySet<string> {
    return this.#promised;
  }

  /** Whole records that were appended, the last of them just now; with `null` that was refused. */
  append(texts: readonly string[], journal: SafeJournal | null): void {
    for (const [i, text] of texts.entries()) {
      this.#places.set(text, this.#appended.length);
      const behind = texts.length - 1 - i;
      const number = journal?.isOpen === true ? journal.lastSequence - behind : "later";
      this.#appended.push({ text, sequence: journal === null ? "failed" : number });
    }
  }

  /** What the journal has made durable outlives a power cut. */
  promise(journal: SafeJournal): void {
    if (!journal.isOpen) return;
    this.#number(journal.lastSequence);
    for (; this.#undecided < this.#appended.length; this.#undecided += 1) {
      const record = this.#appended[this.#undecided];
      if (record === undefined || record.sequence === "failed") continue;
      if (record.sequence === "later" || record.sequence > journal.durableSequence) return;
      this.#promised.add(record.text);
    }
  }

  /** The process has ended, or the box. A kill takes nothing away, but a power cut behind it may. */
  outlive(power: boolean): void {
    if (power) this.#undecided = this.#appended.length;
    for (const record of this.#appended.slice(this.#undecided)) {
      if (record.sequence === "later") record.sequence = "failed";
    }
  }

  /** The journal was deleted: what no stream has is lost. */
  forget(): void {
    this.#promised.clear();
    this.#undecided = this.#appended.length;
    this.#forgotten = this.#appended.length;
  }

  /** The disk could be opened, and numbers are final: the last record has this one. */
  #number(last: number): void {
    let next = last;
    for (let at = this.#appended.length - 1; at >= this.#undecided; at--) {
      const record = this.#appended[at];
      if (record === undefined || record.sequence === "failed") continue;
      if (record.sequence !== "later") return;
      record.sequence = next;
      next -= 1;
    }
  }

  /** Whether this is a record as it was appended. */
  isWhole(text: string): boolean {
    return this.#places.has(text);
  }

  /**
   * Where in the order of appending a text stands; `null` when it is only the beginning of one, or of a
   * journal that was deleted: it may have been under way, and nobody knew of it any more.
   */
  placeOf(text: string): number | null {
    const place = this.#places.get(text);
    if (place !== undefined) return place < this.#forgotten ? null : place;
    const isTorn = this.#appended.some((each) => each.text.startsWith(text));
    assert.ok(isTorn, `nobody appended ${JSON.stringify(text)}`);
    return null;
  }
}

/** The id of a message; empty when it has none. */
export function messageId({ headers }: StreamMessage): string {
  return headers.find(([name]) => name === "Nats-Msg-Id")?.[1] ?? "";
}

/** Message ids over all servers and lives: none may ever be given to two records. */
export class GivenIds {
  readonly #payloads = new Map<string, Uint8Array>();

  /** False when its id was given to another record before. */
  note(message: StreamMessage): boolean {
    const { payload } = message;
    const id = messageId(message);
    const before = this.#payloads.get(id);
    if (before === undefined) this.#payloads.set(id, payload.slice());
    return before === undefined ||
      payload.length === before.length && payload.every((byte, i) => byte === before[i]);
  }
}

interface Stored {
  readonly id: string;
  readonly payload: Uint8Array;
  readonly stream: SimulatedStream;
  readonly sequence: number;
}

/** What one sink's server was given, has dropped by its own rules, and was told to do without. */
export class SinkModel {
  /** Ids for which a stream had no room: a smaller record that came behind may have fitted. */
  readonly refused = new Set<string>();
  /** Somebody deleted the cursors: nobody knows what was still needed of what stream. */
  #cursorsLost = false;
  /** All that the server has taken in at some time. */
  readonly #stored: Stored[] = [];
  /** `{channel}/{sequence}` of records that were told as set aside, and their channels. */
  readonly #setAside = new Set<string>();

  /** The server stored a message. */
  store(message: StreamMessage, stream: SimulatedStream, sequence: number): void {
    const id = messageId(message);
    if (id !== "") this.#stored.push({ id, payload: message.payload, stream, sequence });
  }

  loseCursors(): void {
    this.#cursorsLost = true;
  }

  /** A record was told as set aside. */
  setAside(channel: ChannelModel, sequence: number): void {
    this.#setAside.add(`${channel.name}/${sequence}`).add(channel.name);
  }

  /** Holds what a stream holds of a channel against what it must. */
  assertHolds(
    channel: ChannelModel,
    server: Pick<SimulatedNats, "streams" | "made">,
    journal: readonly JournalRecord[],
  ): void {
    const hasDropped = server.streams.some((each) => each.droppedBefore > 1);
    // One that was made anew and has dropped messages by its limits is not filled with older ones.
    const isTopped = server.made > 1 && hasDropped;
    const stored = new Set(this.#stored.map(({ payload }) => textOf(payload)));
    const dropped = this.#dropped();
    const mine = server.streams.flatMap(({ messages }) => messages).filter(({ id }) =>
      id.startsWith(`${channel.name}/`)
    );
    const present = new Set(mine.map(({ id }) => id));
    // A server that is killed finds again what its limits had dropped, beside what came anew.
    const once = mine.filter(({ id }) => !dropped.has(id));
    assertOnce(once.map(({ id }) => id));
    assertOnce(once.map(({ payload }) => textOf(payload)).filter((text) => channel.isWhole(text)));
    this.#assertOrder(channel, mine, dropped);
    const texts = new Set(mine.map(({ payload }) => textOf(payload)));
    const delivered: ReadonlySet<string> = new Set(texts);
    const inJournal = new Set(journal.map(({ line }) => textOf(line)));
    for (const { epoch, sequence, line } of journal) {
      const id = formatMessageId({ channel: channel.name, epoch, sequence });
      const text = textOf(line);
      // A power cut may bring back, under a new id, what was delivered from memory.
      const isElsewhere = delivered.has(text) && channel.isWhole(text);
      // Without cursors a hole in front of what a stream has dropped cannot be told from the drops.
      const isUnknown = this.#cursorsLost && hasDropped;
      const isExcused = dropped.has(id) || isElsewhere || isUnknown ||
        this.#setAside.has(`${channel.name}/${sequence}`) || isTopped && stored.has(text);
      assert.ok(present.has(id) || isExcused, `${id} is in the journal and not in the stream`);
      texts.add(text);
    }
    for (const text of channel.promised) {
      if (texts.has(text)) continue;
      // Retention took it when the server had it, and lost it later; or when it was set aside.
      const isReleased = stored.has(text) || this.#setAside.has(channel.name);
      const isGone = isReleased && !inJournal.has(text);
      assert.ok(isGone, `${channel.name}: ${text} is lost`);
    }
  }

  /**
   * Ids that stood where limits or a purge took everything away: they may be missing, or come again.
   * So may those that a power cut had taken before: nobody can tell.
   */
  #dropped(): Set<string> {
    const dropped = this.#stored.filter(({ stream, sequence }) => sequence < stream.droppedBefore);
    return new Set(dropped.map(({ id }) => id));
  }

  /**
   * Strays may stand out of place, and so may what was dropped or refused before it came again, or set
   * aside: when the stream loses records that is tried again, and may be taken then. Of a record that
   * went out from memory a torn piece may come from the disk, after a power cut. Nothing else may.
   */
  #assertOrder(
    channel: ChannelModel,
    messages: readonly StoredMessage[],
    dropped: ReadonlySet<string>,
  ): void {
    let before = -1;
    for (const { id, payload, isStray } of messages) {
      const place = channel.placeOf(textOf(payload));
      const wasSetAside = this.#setAside.has(id.replace(/\/.*\//, "/"));
      const cameAgain = dropped.has(id) || this.refused.has(id);
      if (place === null || isStray || wasSetAside || cameAgain) continue;
      assert.ok(place > before, `${id} stands behind a later record`);
      before = place;
    }
  }
}

function assertOnce(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    assert.ok(!seen.has(name), `${name} is there twice`);
    seen.add(name);
  }
}
