// Where bytes come from. A source opens, reads and opens again by itself, for ever; whoever owns
// it learns what happened through a handler, in the turn in which it happened.

/** Bytes as a source read them, before anybody has made sense of them. */
export interface SourceRead {
  readonly bytes: Uint8Array;
  /** How the source was set meanwhile, as a number that only it understands. */
  readonly setting: number;
  /** When, in milliseconds since 1970. */
  readonly timeMs: number;
}

/** Bytes as they are to be recorded, all of one read. */
export interface Run {
  readonly bytes: Uint8Array;
  readonly timeMs: number;
  /** They arrived damaged, or something went wrong between them, if there are none. */
  readonly damaged: boolean;
  /**
   * They do not go on with what came before: the source was set otherwise in between.
   * @default {false}
   */
  readonly begins?: boolean;
}

/** What a source tells its channel. */
export interface SourceHandler {
  /** The source can be read now. `detail` says how, for people, such as `9600 8N1`. */
  opened(detail: string): void;
  /** Open, or settings were lost: how it must be read is being found out. */
  detecting(detail: string): void;
  /**
   * Where up to `length` bytes that are about to be read must go, so that they are safe from the
   * moment in which the system hands them over; `null` when nothing can be taken now, and the
   * source stops reading until `resume` is called. `bytes` must follow in the same turn.
   */
  room(length: number): Uint8Array<ArrayBuffer> | null;
  /**
   * Bytes were read at `timeMs` (wall clock). `chunk` is only valid during the call. On `false`
   * they could not be written: the source stops reading until `resume` is called.
   */
  bytes(chunk: Uint8Array, timeMs: number): boolean;
  /** The cable was pulled, or the equipment is off; and later that it is back. */
  signal(isThere: boolean): void;
  /** The source went away and is waited for; `detail` says what happened. */
  closed(detail: string): void;
  /** It cannot be opened now; tried again by itself. Called when the reason changes. */
  unavailable(problem: SourceProblem): void;
  /** The source's own code threw what nobody expected: it does nothing more but to be stopped. */
  broke(error: unknown): void;
}

/** Why a source cannot be read, and what a technician does about it. */
export interface SourceProblem {
  /** Stable name for machines. */
  readonly kind:
    | "missing"
    | "busy"
    | "no_permission"
    | "not_a_terminal"
    | "not_connected"
    | "unreachable"
    | "refused"
    | "stalled"
    | "bad_certificate"
    | "failed";
  readonly message: string;
  readonly hint: string;
}

export interface Source extends AsyncDisposable {
  /** What is read, for people: a device, an address. */
  readonly name: string;
  /** Bits a second; `null` while they are looked for, and where there are none. */
  readonly baudRate: number | null;
  start(handler: SourceHandler): void;
  /** How it is set now, for `SourceRead`. */
  readonly setting: number;
  /**
   * Makes sense of what was read, in the order in which it was read; also of what the last run had
   * read. What it cannot make sense of yet comes with a later call.
   */
  decode(read: SourceRead): Run[];
  /** How many bytes of what was read last it has made no sense of yet. */
  readonly undecided: number;
  /** No more comes, for now or at all: what can be made of what is undecided. */
  settle(quiet: "for_now" | "at_all"): Run[];
  /** Bytes wait to be read: whatever has kept them waiting, the line is not quiet. */
  readonly hasBytes: boolean;
  /** Reads on after the handler refused bytes. */
  resume(): void;
  /**
   * It is held open while nobody reads it, so that nothing of what it says is lost: until it starts,
   * since the last reader; when it has stopped, for the next.
   * @default {false}
   */
  readonly isKept?: boolean;
  /** Stops reading and gives the device back as it was found. */
  stop(): Promise<void>;
  /** Stops reading and stays open for the next reader. @default {as `stop`} */
  leave?(): Promise<void>;
}
