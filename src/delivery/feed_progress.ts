// How far a sink has come with each of its feeds: what the journals ask for, and what they are told
// they may let go.

import type { Progress } from "../journal/holders.ts";
import type { CursorFile } from "./cursor.ts";
import { type Acknowledged, passedBefore } from "./reconcile.ts";
import type { Feed, Session } from "./session.ts";

export class FeedProgress {
  readonly #sink: string;
  readonly #cursors: CursorFile;
  readonly #session: () => Session | null;
  #feeds: readonly Feed[] = [];
  /** Of each feed, when the last session ended. */
  #last: readonly Progress[] = [];
  #acknowledged: ReadonlyMap<string, Acknowledged> = new Map();

  constructor(options: {
    /** Name of the sink, as a holder. */
    readonly sink: string;
    readonly cursors: CursorFile;
    /** The one that is open, of the present feeds. */
    readonly session: () => Session | null;
  }) {
    this.#sink = options.sink;
    this.#cursors = options.cursors;
    this.#session = options.session;
  }

  get feeds(): readonly Feed[] {
    return this.#feeds;
  }

  /** Records that are synced and not behind the sink; where numbers were skipped, some fewer are. */
  get backlog(): number {
    return this.#feeds.reduce((sum, { journal }, i) => {
      const passed = Math.max(this.#of(i).passed, journal.oldestSequence - 1);
      return sum + Math.max(0, journal.syncedSequence - passed);
    }, 0);
  }

  /** These are the feeds from now on. A cursor of another journal releases nothing of theirs. */
  adopt(feeds: readonly Feed[]): void {
    for (const { journal } of this.#feeds) journal.shelf.holders.unfollow(this.#sink);
    this.#feeds = feeds;
    this.#last = feeds.map(({ journal }) => {
      const passed = passedBefore(this.#cursors.get(journal.name), journal);
      return { passed, taken: passed };
    });
    for (const [i, { journal }] of feeds.entries()) {
      journal.shelf.holders.follow(this.#sink, () => this.#of(i));
      journal.shelf.release(this.#sink, this.#of(i).passed);
    }
  }

  /** By channel, in the sessions before. */
  get acknowledged(): ReadonlyMap<string, Acknowledged> {
    return this.#acknowledged;
  }

  /** The session is about to be forgotten. */
  note(): void {
    this.#last = this.#feeds.map((_, i) => this.#of(i));
    const latest = this.#session()?.acknowledged() ?? new Map<string, Acknowledged>();
    this.#acknowledged = new Map([...this.#acknowledged, ...latest]);
  }

  /** Lets the journals know what this sink has behind it, of which the cursors are saved. */
  release(): void {
    for (const { journal } of this.#feeds) {
      journal.shelf.release(this.#sink, (this.#cursors.get(journal.name)?.next ?? 1) - 1);
    }
  }

  #of(feed: number): Progress {
    return this.#session()?.progress(feed) ?? this.#last[feed] ?? { passed: 0, taken: 0 };
  }
}
