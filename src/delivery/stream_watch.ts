// Watches over the streams of a connection while nothing else is heard of them. Without it an idle
// sink would go on telling that it delivers to a server that is gone, or to a stream that was deleted
// or has lost what it had acknowledged, until the next record comes.

import type { Clock } from "../platform/clock.ts";
import type { StoredOutcome } from "./outcome.ts";
import { apiFailure, SessionEnd } from "./session_end.ts";
import type { StreamExtent } from "./stream_server.ts";

/** Status must be true within 5 s, and `check()` is called once a second. */
const silenceMs = 4000;

/** A server that has said nothing for so long is asked. */
const quietMs = 1500;

/** An answer may take so long, however late `check()` was called before. */
const answerMs = 1500;

/** A busy one is asked so often, for what acknowledgements do not tell. */
const busyMs = 10_000;

interface Watched {
  readonly created: string;
  readonly glance: () => Promise<StreamExtent | null>;
  /** The highest sequence seen. */
  end: number;
}

export class StreamWatch {
  readonly #clock: Clock;
  readonly #doubt: (end: SessionEnd) => void;
  readonly #streams = new Map<string, Watched>();
  #heardMs: number;
  #askedMs: number;
  #asking = false;

  constructor(options: {
    readonly clock: Clock;
    /** Called when the connection or a stream cannot be trusted any more. */
    readonly doubt: (end: SessionEnd) => void;
  }) {
    this.#clock = options.clock;
    this.#doubt = options.doubt;
    this.#heardMs = this.#askedMs = this.#clock.monotonicMs();
  }

  /** Watches over a stream. `glance` makes sure that the server answers, see `SubjectStream`. */
  add(name: string, { created, lastSequence }: StreamExtent, glance: Watched["glance"]): void {
    if (!this.#streams.has(name)) this.#streams.set(name, { created, glance, end: lastSequence });
  }

  /** From now on silence counts. */
  start(): void {
    this.#hear();
  }

  /** The highest sequence of a stream that this connection has seen. */
  end(name: string): number {
    return this.#streams.get(name)?.end ?? 0;
  }

  /** Takes in an acknowledgement; `false` when it cannot come from the stream that we compared with. */
  confirm(name: string, { stream, streamSequence, duplicate }: StoredOutcome): boolean {
    this.#hear();
    const watched = this.#streams.get(name);
    if (watched === undefined) return false;
    if (stream !== name) {
      this.#doubt(new SessionEnd("no_stream", `stream ${stream} has taken the place of ${name}`));
      return false;
    }
    if (!duplicate && streamSequence <= watched.end) {
      this.#doubt(wentBack(name, watched.end, streamSequence));
      return false;
    }
    watched.end = Math.max(watched.end, streamSequence);
    return true;
  }

  /** Asks when it is time to, and doubts when the answer is overdue. */
  check(): void {
    const nowMs = this.#clock.monotonicMs();
    const quiet = nowMs - this.#heardMs;
    const asked = nowMs - this.#askedMs;
    if (!this.#asking) {
      if (quiet >= quietMs || asked >= busyMs) this.#ask(nowMs);
    } else if (quiet >= silenceMs && asked >= answerMs) {
      this.#doubt(new SessionEnd("stalled", `no answer for ${silenceMs / 1000} s`));
    }
  }

  async #ask(nowMs: number): Promise<void> {
    this.#asking = true;
    this.#askedMs = nowMs;
    for (const [name, watched] of this.#streams) {
      // What is acknowledged later may be missing from the answer.
      const { created, end } = watched;
      try {
        const extent = await watched.glance();
        this.#hear();
        if (extent === null) continue;
        if (extent.created !== created) {
          this.#doubt(new SessionEnd("no_stream", `stream ${name} was made anew`));
        } else if (extent.lastSequence < end) {
          this.#doubt(wentBack(name, end, extent.lastSequence));
        }
      } catch (error) {
        const failure = apiFailure(`ask for stream ${name}`, error);
        // Anything else ends the connection by itself, or leaves it silent.
        if (failure.trouble === "no_stream") this.#doubt(failure);
      }
    }
    this.#asking = false;
  }

  #hear(): void {
    this.#heardMs = this.#clock.monotonicMs();
  }
}

function wentBack(name: string, from: number, to: number): SessionEnd {
  return new SessionEnd(
    "stalled",
    `stream ${name} has lost records: it went from ${from} to ${to}`,
  );
}
