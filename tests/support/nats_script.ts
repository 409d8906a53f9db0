// A script of what clients and operators do to a NATS server, drawn from a seed, and what came of it
// line by line: the same for the real server and the simulated one, or the simulation is not honest.

import { apiFailure } from "../../src/delivery/session_end.ts";
import type { Outcome } from "../../src/delivery/outcome.ts";
import type { StreamConnection, SubjectStream } from "../../src/delivery/stream_server.ts";
import { Random } from "../../src/simulate/random.ts";
import type { NatsTwin } from "./nats_twin.ts";

/** No script takes so long. */
const longWindowMs = 600_000;
const shortWindowMs = 100;
/** The real server remembers an id for up to twice as long. */
const forgottenMs = 3.5 * shortWindowMs;
const payload = new Uint8Array(4096).fill(120);

export class NatsScript {
  readonly lines: string[] = [];
  readonly #twin: NatsTwin;
  readonly #random: Random;
  readonly #name: string;
  readonly #subjects: readonly string[];
  /** Ids are forgotten before they come again. */
  readonly #isForgetful: boolean;
  readonly #outcomes = new Map<number, Outcome>();
  /** In the order in which they were seen. */
  readonly #created: string[] = [];
  #connection: StreamConnection | null = null;
  #heard: () => void = () => {};
  #isMade = false;
  #isAltered = false;
  #sent = 0;
  #ids = 0;

  /** Runs it on streams of its own. Returns what came of it. */
  static async run(twin: NatsTwin, seed: number): Promise<readonly string[]> {
    const script = new NatsScript(twin, seed);
    await script.#run();
    return script.lines;
  }

  private constructor(twin: NatsTwin, seed: number) {
    this.#twin = twin;
    this.#random = new Random(seed);
    this.#name = `s${seed}`;
    this.#isForgetful = seed % 5 === 0;
    this.#subjects = [`ks.s${seed}.a`, `ks.s${seed}.b`];
  }

  async #run(): Promise<void> {
    await this.#connect();
    if (this.#random.next() < 0.9) await this.#make();
    for (let step = 0; step < (this.#isForgetful ? 12 : 40); step++) await this.#step();
    await this.#make();
    await this.#look();
    await this.#connection?.close();
  }

  async #step(): Promise<void> {
    const random = this.#random;
    const at = random.integer(0, 99);
    if (at < 40) return await this.#publish(random.integer(1, 12));
    if (at < 52) return await this.#look();
    if (at < 60) return await this.#readSome();
    if (at < 68) return await this.#make();
    if (at < 72) return void await this.#operate("purge", () => this.#twin.purge(this.#name));
    if (at < 76) return await this.#delete();
    if (at < 86) return await this.#limit();
    if (at < 94) return await this.#kill();
    return await this.#tooLargeForTheServer();
  }

  async #connect(): Promise<void> {
    const { signal } = new AbortController();
    this.#connection = await this.#twin.settled(this.#twin.server.connect(signal));
    this.#connection.listen(({ sequence }, outcome) => {
      this.#outcomes.set(sequence, outcome);
      this.#heard();
    });
  }

  /** Several at once; new records, and those that went out before. */
  async #publish(count: number): Promise<void> {
    const first = this.#sent + 1;
    const known = this.#ids;
    if (this.#isForgetful) await this.#twin.pass(forgottenMs);
    for (let i = 0; i < count; i++) {
      const isAgain = known > 0 && this.#random.next() < 0.3;
      const id = isAgain ? 1 + (this.#random.integer(1, known) + i) % known : ++this.#ids;
      const isNameless = this.#random.next() < 0.1;
      this.#send(isNameless ? null : id, this.#random.integer(0, 300));
    }
    await this.#twin.settled(this.#heardOf(this.#sent));
    for (let sent = first; sent <= this.#sent; sent++) this.#note(this.#outcomes.get(sent));
  }

  #send(id: number | null, bytes: number): void {
    const epoch = "0".repeat(32);
    const headers: [string, string][] = id === null
      ? []
      : [["Nats-Msg-Id", `1429010002-A1/${epoch}/${id}`], ["Nectar-Channel", "1429010002-A1"]];
    const hasTime = id !== null && id % 5 !== 0;
    if (hasTime) headers.push(["Nectar-Time", new Date(id * 1001).toISOString()]);
    const subject = this.#random.pick(this.#subjects);
    const message = { subject, headers, payload: payload.subarray(0, bytes) };
    this.#connection?.publish(message, { feed: 0, sequence: ++this.#sent });
  }

  async #heardOf(sent: number): Promise<void> {
    while (!this.#outcomes.has(sent)) {
      await new Promise<void>((resolve) => void (this.#heard = resolve));
    }
  }

  #note(outcome: Outcome | undefined): void {
    if (outcome === undefined) return void this.lines.push("no outcome");
    if (outcome.kind !== "stored") {
      const code = /\(\d+\)$/.exec(outcome.message)?.[0] ?? "";
      this.lines.push(`${outcome.kind} ${outcome.kind === "hold" ? outcome.trouble : ""} ${code}`);
    } else {
      const { stream, streamSequence, duplicate } = outcome;
      this.lines.push(`stored ${stream} ${streamSequence} ${duplicate ? "duplicate" : "new"}`);
    }
  }

  /** What the stream says of itself, and all that can be read back of one subject. */
  async #look(): Promise<void> {
    await this.#ask(async (stream) => {
      const { created, firstSequence, lastSequence } = await stream.extent();
      const { bytes, messages, maxMessages, maxBytes, dropsOldest } = await stream.storage();
      const isKnown = this.#isAltered || this.#created.includes(created);
      if (!isKnown) this.#created.push(created);
      // Of a stream that was altered the real server may tell another time after a restart.
      const which = this.#isAltered ? "altered" : this.#created.indexOf(created);
      this.lines.push(`stream ${which}: ${firstSequence}–${lastSequence}`);
      this.lines.push(`storage ${[bytes, maxBytes, messages, maxMessages, dropsOldest]}`);
      const found: string[] = [];
      await stream.each(1, lastSequence, ({ sequence, streamSequence, id, timeMs }) => {
        found.push(`${streamSequence}: ${sequence} ${id} ${timeMs}`);
      });
      this.lines.push(`found ${found}`);
    });
  }

  /** What stands at some stream sequences. */
  async #readSome(): Promise<void> {
    await this.#ask(async (stream) => {
      for (let i = 0; i < 3; i++) {
        const sequence = this.#random.integer(1, 40);
        const bytes = (await stream.payload(sequence))?.length;
        this.lines.push(`${sequence} is ${await stream.messageId(sequence)}, ${bytes} bytes`);
      }
    });
  }

  async #ask(question: (stream: SubjectStream) => Promise<void>): Promise<void> {
    const [subject = ""] = this.#subjects;
    try {
      const stream = await this.#twin.settled(
        this.#connection?.stream(subject, null) ?? Promise.reject(new Error("not connected")),
      );
      await this.#twin.settled(question(stream));
    } catch (error) {
      this.lines.push(`asked: ${apiFailure("ask", error).trouble}`);
    }
  }

  async #delete(): Promise<void> {
    if (await this.#operate("delete", () => this.#twin.delete(this.#name))) this.#isMade = false;
  }

  async #make(): Promise<void> {
    if (this.#isMade) return;
    this.#isMade = true;
    this.#isAltered = false;
    await this.#operate("make", () =>
      this.#twin.make(this.#name, this.#subjects, {
        duplicateWindowMs: this.#isForgetful ? shortWindowMs : longWindowMs,
        maxMessages: this.#random.pick([Infinity, 5, 20]),
        maxBytes: this.#random.pick([Infinity, 1500, 4000]),
        discard: this.#random.pick(["old", "new"]),
        maxMessageBytes: this.#random.pick([Infinity, 250]),
      }));
  }

  async #limit(): Promise<void> {
    this.#isAltered = true;
    await this.#operate("limit", () =>
      this.#twin.limit(this.#name, {
        maxMessages: this.#random.pick([Infinity, 3, 10, 30]),
        maxBytes: this.#random.pick([Infinity, 1000, 3000]),
        discard: this.#random.pick(["old", "new"]),
        maxMessageBytes: this.#random.pick([Infinity, 200]),
      }));
  }

  async #operate(what: string, act: () => Promise<void>): Promise<boolean> {
    const done = await Promise.resolve().then(act).then(() => true, () => false);
    this.lines.push(`${what}: ${done ? "done" : "refused"}`);
    return done;
  }

  async #kill(): Promise<void> {
    const ended = this.#connection?.ended;
    await this.#twin.kill();
    if (ended !== undefined) this.lines.push((await this.#twin.settled(ended)).trouble);
    await this.#connect();
  }

  /** The client refuses, or the server hangs up. */
  async #tooLargeForTheServer(): Promise<void> {
    const ended = this.#connection?.ended;
    this.#send(++this.#ids, 3000);
    if (ended !== undefined) this.lines.push((await this.#twin.settled(ended)).trouble);
    await this.#connection?.close();
    await this.#connect();
  }
}
