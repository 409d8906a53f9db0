// A NATS server with streams, in memory and on a time that a test holds in its hand: it stalls, dies,
// loses what it had acknowledged, runs out of room and of patience. What its network does to a
// connection is in simulated_connection.ts.

import type { Outcome } from "../../src/delivery/outcome.ts";
import { SessionEnd } from "../../src/delivery/session_end.ts";
import type {
  StreamConnection,
  StreamMessage,
  StreamServer,
} from "../../src/delivery/stream_server.ts";
import { NoStream, type WantedStream } from "../../src/delivery/streams.ts";
import { type InFlight, SimulatedConnection } from "./simulated_connection.ts";
import type { RandomNumber } from "./simulated_file.ts";
import { SimulatedStream, type StreamLimits, usualLimits } from "./simulated_stream.ts";
import type { TimerList } from "./timer_list.ts";
import { neverRenewed } from "./same_identity.ts";

/** How the network between client and server is. */
export type Network = "good" | "slow" | "black hole" | "loses replies" | "closes at once";

const usualPayload = 1024 * 1024;
const connectTimeoutMs = 5000;
/** The real one's default. */
const syncIntervalMs = 120_000;

/** What it does with a publish or a question; `null` is silence. */
type Work = () => void;

export class SimulatedNats implements StreamServer {
  readonly timers: TimerList;
  readonly random: RandomNumber;
  readonly renewed = neverRenewed;
  network: Network = "good";
  /** The shortest and the longest time that something is under way. */
  latencyMs: Readonly<Record<"good" | "slow", readonly [number, number]>> = {
    good: [1, 20],
    slow: [300, 1500],
  };
  acceptsCredentials = true;
  maxPayload = usualPayload;
  /** Answers no question and acknowledges nothing, as with a full disk. */
  silent = false;
  /** Of every stream made from now on. */
  limits: StreamLimits = usualLimits;
  /** Told of every message for which a stream has no room. */
  refused: (message: StreamMessage) => void = () => {};
  /** Told of every message that a stream takes in. */
  stored: (message: StreamMessage, stream: SimulatedStream, sequence: number) => void = () => {};
  /** Told of every message that a stream has, or is never going to take. */
  settled: () => void = () => {};
  /** Told of every publish, when a client makes it. */
  published: (message: StreamMessage, inFlight: InFlight) => void = () => {};
  #connections: SimulatedConnection[] = [];
  #streams: SimulatedStream[] = [];
  #made = 0;
  #deleted = 0;
  #elections = 0;
  #running = true;
  #stalled: Work[] | null = null;

  constructor(options: { readonly timers: TimerList; readonly random: RandomNumber }) {
    this.timers = options.timers;
    this.random = options.random;
    this.#syncLater();
  }

  get running(): boolean {
    return this.#running;
  }

  get stalled(): boolean {
    return this.#stalled !== null;
  }

  /** Those who are connected get answers. */
  get isHeard(): boolean {
    const isDeaf = this.network === "black hole" || this.network === "loses replies";
    return this.#running && !this.stalled && !this.silent && !isDeaf && this.acceptsCredentials;
  }

  get streams(): readonly SimulatedStream[] {
    return this.#streams;
  }

  connect(signal: AbortSignal): Promise<StreamConnection> {
    const connection = new SimulatedConnection(this);
    this.#connections = this.#connections.filter(({ isGone }) => !isGone);
    this.#connections.push(connection);
    return new Promise((resolve, reject) => {
      const fail = (end: SessionEnd): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", stop);
        connection.end(end);
        reject(end);
      };
      const stop = (): void => fail(new SessionEnd("disconnected", "stopped"));
      const timer = setTimeout(
        () => fail(new SessionEnd("disconnected", "connect: timeout")),
        connectTimeoutMs,
      );
      signal.addEventListener("abort", stop);
      if (signal.aborted) stop();
      connection.greet().then(() => {
        clearTimeout(timer);
        signal.removeEventListener("abort", stop);
        resolve(connection);
      }, fail);
    });
  }

  /** Does what a client asked for, when the server gets to it. */
  serve(work: Work): void {
    if (!this.#running) return;
    if (this.#stalled !== null) this.#stalled.push(work);
    else work();
  }

  /** Stores what came on a connection opened at `openedMs`; `null` when the server stays silent. */
  store(message: StreamMessage, openedMs: number): Outcome | null {
    if (this.silent || !this.#running) return null;
    const { nowMs } = this.timers;
    const stream = this.#streamFor(message.subject);
    if (stream === undefined) {
      return { kind: "hold", trouble: "no_stream", message: "no stream takes the subject" };
    }
    const outcome = stream.append(message, nowMs, openedMs < stream.sinceMs);
    if (outcome.kind === "hold") this.refused(message);
    else this.settled();
    if (outcome.kind === "stored" && !outcome.duplicate) {
      this.stored(message, stream, outcome.streamSequence);
    }
    return outcome;
  }

  /** Name of the stream that takes `subject`, made if it is wanted. @throws {NoStream} */
  ensure(subject: string, wanted: WantedStream | null): string {
    const present = this.#streamFor(subject);
    if (present !== undefined) return present.name;
    if (wanted === null) throw new NoStream(`no stream takes subject ${subject}`);
    return this.make(wanted).name;
  }

  /** The stream of this name. @throws {NoStream} */
  find(name: string): SimulatedStream {
    const stream = this.#streams.find((each) => each.name === name);
    if (stream === undefined) throw new NoStream(`no stream ${name}`);
    return stream;
  }

  /** Streams that were made, one after the other. */
  get made(): number {
    return this.#made;
  }

  /** Of which those who are connected are told. */
  get changes(): number {
    return this.#made + this.#deleted + this.#elections;
  }

  make(wanted: WantedStream): SimulatedStream {
    const madeMs = this.timers.nowMs;
    const stream = new SimulatedStream(wanted, { created: `stream ${++this.#made}`, madeMs });
    stream.limits = this.limits;
    this.#streams.push(stream);
    return stream;
  }

  /** @throws {NoStream} */
  delete(name: string): void {
    const stream = this.find(name);
    this.#streams = this.#streams.filter((each) => each !== stream);
    this.#deleted += 1;
  }

  /** Another server of its cluster leads a stream, and lacks so many of its newest messages. @throws {NoStream} */
  elect(name: string, lost: number): void {
    this.find(name).elect(lost, this.timers.nowMs);
    this.#elections += 1;
  }

  /** Its disk has written all that was stored. */
  sync(): void {
    for (const stream of this.#streams) stream.sync();
  }

  stall(): void {
    if (this.#running) this.#stalled ??= [];
  }

  resume(): void {
    const waiting = this.#stalled ?? [];
    this.#stalled = null;
    // Every connection is served in its order, and nobody knows which one first.
    for (const work of waiting) work();
  }

  /** The process dies: what it had stored is there when it starts again. */
  kill(): void {
    this.#running = false;
    this.#stalled = null;
    for (const connection of this.#connections) {
      connection.cut("connection reset", { isClosedByServer: true });
    }
  }

  /** The power goes: what was not synced may be gone. */
  cutPower(): void {
    this.kill();
    this.#streams = this.#streams.filter((stream) => stream.cutPower(this.random));
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    for (const stream of this.#streams) stream.restart();
  }

  /** A router goes down and up: every connection breaks. */
  cutConnections(): void {
    for (const connection of this.#connections) connection.cut("read ECONNRESET");
  }

  change(network: Network): void {
    this.network = network;
    for (const connection of this.#connections) connection.feel(network);
  }

  /** The client's process dies; what it had sent may still arrive. */
  dropClient(): void {
    for (const connection of this.#connections) connection.abandon();
  }

  #syncLater(): void {
    this.timers.set(() => {
      if (this.#running && !this.silent) this.sync();
      this.#syncLater();
    }, syncIntervalMs);
  }

  #streamFor(subject: string): SimulatedStream | undefined {
    return this.#streams.find((stream) => stream.takes(subject));
  }
}
