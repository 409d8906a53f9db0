// Watches over the streams of a connection. Without it an idle sink would go on telling that it
// delivers to a server that is gone, or to a stream that was deleted or has lost what it had
// acknowledged, until the next record comes.
//
// It also says which acknowledgements hold. A cluster whose new leader lacks what the one before had
// acknowledged goes on acknowledging, and others' messages may fill the numbers again. So cursors are
// kept only when a look has found afterwards that the same leader leads and the message before the
// last cursors is where it was. Then there was a moment at which the stream held all before them, and
// who finds the message before a cursor again knows that all before it is still there: what a stream
// loses, it loses from its end.

import type { Clock } from "../platform/clock.ts";
import type { Cursor } from "./cursor.ts";
import type { StoredOutcome } from "./outcome.ts";
import { apiFailure, SessionEnd } from "./session_end.ts";
import type { StreamExtent, SubjectStream } from "./stream_server.ts";

/** Status must be true within 5 s, and `check()` is called once a second. */
const silenceMs = 4000;

/** A server that has said nothing for so long is asked. */
const quietMs = 1500;

/** An answer may take so long, however late `check()` was called before. */
const answerMs = 1500;

type WatchedStream = Pick<SubjectStream, "name" | "extent" | "glance" | "messageId">;

/** Of channels. */
type Cursors = readonly (readonly [string, Cursor])[];

interface Watched {
  readonly stream: WatchedStream;
  readonly created: string;
  readonly leadership: string;
  /** The highest sequence seen. */
  end: number;
  /** The newest message of ours that was there when the cursors were kept last. */
  anchor: Cursor["stored"];
}

export interface StreamWatchOptions {
  readonly clock: Clock;
  /** Called when the connection or a stream cannot be trusted any more. */
  readonly doubt: (end: SessionEnd) => void;
  /** As acknowledgements tell. */
  readonly cursors: () => Cursors;
  /** They hold. */
  readonly keep: (cursors: Cursors) => void;
}

export class StreamWatch {
  readonly #options: StreamWatchOptions;
  readonly #streams = new Map<string, Watched>();
  #heardMs: number;
  #askedMs: number;
  #asking: Promise<void> | null = null;
  /** Something was acknowledged since it was asked last. */
  #isBusy = false;

  constructor(options: StreamWatchOptions) {
    this.#options = options;
    this.#heardMs = this.#askedMs = options.clock.monotonicMs();
  }

  /** Watches over a stream. */
  add(stream: WatchedStream, { created, leadership, lastSequence: end }: StreamExtent): void {
    if (this.#streams.has(stream.name)) return;
    this.#streams.set(stream.name, { stream, created, leadership, end, anchor: null });
  }

  /** From now on silence counts. */
  start(): void {
    this.#hear();
  }

  /** Of a stream, the highest sequence that this connection has seen, and the leader that it began with. */
  seen(name: string): Pick<Watched, "end" | "leadership"> {
    return this.#streams.get(name) ?? { end: 0, leadership: "" };
  }

  /** Takes in an acknowledgement; `false` when it cannot come from the stream that we compared with. */
  confirm(name: string, { stream, streamSequence, duplicate }: StoredOutcome): boolean {
    this.#hear();
    const watched = this.#streams.get(name);
    if (watched === undefined) return false;
    if (stream !== name) {
      this.#options.doubt(
        new SessionEnd("no_stream", `stream ${stream} has taken the place of ${name}`),
      );
      return false;
    }
    if (!duplicate && streamSequence <= watched.end) {
      this.#options.doubt(wentBack(name, watched.end, streamSequence));
      return false;
    }
    this.#isBusy = true;
    watched.end = Math.max(watched.end, streamSequence);
    return true;
  }

  /** Asks when it is time to, and doubts when the answer is overdue. */
  check(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const quiet = nowMs - this.#heardMs;
    if (this.#asking === null) {
      if (this.#isBusy || quiet >= quietMs) this.look();
    } else if (quiet >= silenceMs && nowMs - this.#askedMs >= answerMs) {
      this.#options.doubt(new SessionEnd("stalled", `no answer for ${silenceMs / 1000} s`));
    }
  }

  /** Asks, or waits for what is asked already. */
  look(): Promise<void> {
    return this.#asking ??= this.#ask().finally(() => this.#asking = null);
  }

  /** Asks what was not asked before. */
  async lookAnew(): Promise<void> {
    await this.#asking;
    await this.look();
  }

  async #ask(): Promise<void> {
    this.#isBusy = false;
    this.#askedMs = this.#options.clock.monotonicMs();
    for (const [name, watched] of this.#streams) {
      try {
        const doubt = await this.#lookAt(watched);
        if (doubt !== null) this.#options.doubt(doubt);
      } catch (error) {
        const failure = apiFailure(`ask for stream ${name}`, error);
        // Anything else ends the connection by itself, or leaves it silent.
        if (failure.trouble === "no_stream") this.#options.doubt(failure);
      }
    }
  }

  async #lookAt(watched: Watched): Promise<SessionEnd | null> {
    const { stream, created, leadership, end, anchor } = watched;
    // What is acknowledged later may be missing from the answers.
    const cursors = this.#options.cursors().filter(([, cursor]) => cursor.stream === stream.name);
    const id = anchor === null ? null : await stream.messageId(anchor.sequence);
    const isDropped = anchor !== null && id === null;
    const extent = isDropped ? await stream.extent() : await stream.glance();
    this.#hear();
    if (extent !== null && extent.created !== created) {
      return new SessionEnd("no_stream", `stream ${stream.name} was made anew`);
    }
    if (extent !== null && extent.lastSequence < end) {
      return wentBack(stream.name, end, extent.lastSequence);
    }
    const isSame = extent === null || extent.leadership === leadership;
    if (!isSame) return newLeader(stream.name);
    if (anchor !== null && id !== null && id !== anchor.messageId) {
      return replaced(stream.name, anchor);
    }
    watched.anchor = newest(cursors);
    this.#options.keep(cursors);
    return null;
  }

  #hear(): void {
    this.#heardMs = this.#options.clock.monotonicMs();
  }
}

/** The newest message before any of the cursors. */
function newest(cursors: Cursors): Cursor["stored"] {
  let found: Cursor["stored"] = null;
  for (const [, { stored }] of cursors) {
    if (stored !== null && stored.sequence > (found?.sequence ?? 0)) found = stored;
  }
  return found;
}

function newLeader(name: string): SessionEnd {
  const hint =
    "nothing is to be done: what the new leader holds is compared, and what it lacks sent again";
  return new SessionEnd("stalled", `stream ${name} has a new leader`, { hint });
}

function replaced(name: string, { sequence }: NonNullable<Cursor["stored"]>): SessionEnd {
  const message = `stream ${name} has lost records: another message stands at ${sequence}`;
  return new SessionEnd("stalled", message);
}

function wentBack(name: string, from: number, to: number): SessionEnd {
  return new SessionEnd(
    "stalled",
    `stream ${name} has lost records: it went from ${from} to ${to}`,
  );
}
