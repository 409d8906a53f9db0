// Runs a pipeline plan: callers append to two journals, sinks deliver, and meanwhile the process is
// killed, the power goes, the disk fails, the network and the servers misbehave. At the end all is
// well again, and after a while of quiet every promise is held against the streams. The same plan
// gives the same run, but for the epochs' names.

import assert from "node:assert/strict";
import { maxInFlight } from "../../src/delivery/resume.ts";
import type { Fragment } from "../../src/framer/framer.ts";
import { Journal } from "../../src/journal/journal.ts";
import type { Notice } from "../../src/platform/notice.ts";
import type { JournalRecord } from "../../src/record.ts";
import { Random } from "../../src/simulate/random.ts";
import { CrashBox } from "./crash_box.ts";
import { PipelineLife } from "./pipeline_life.ts";
import { ChannelModel, GivenIds, messageId, SinkModel } from "./pipeline_model.ts";
import type { LostFiles, PipelineCommand, PipelinePlan } from "./pipeline_plan.ts";
import { PipelineTime } from "./pipeline_time.ts";
import { disturb, healServer } from "./pipeline_server.ts";
import { PipelineTruth } from "./pipeline_truth.ts";
import { SimulatedNats } from "./simulated_nats.ts";
import { usualLimits } from "./simulated_stream.ts";

/** What a stream holds is asked every ten seconds, and an answer may come late. */
const everythingAskedMs = 12_000;
/** A sink must be well again so long after all faults are gone. */
const healMs = 30_000;
const maxBytesInFlight = 1024 * 1024;
const sides = ["A1", "A2"];

/** Records that disk and memory refused, with their time. */
interface RefusedAppend {
  readonly texts: readonly string[];
  readonly timeMs: number;
}

export class PipelineRun {
  readonly #box: CrashBox;
  readonly #time: PipelineTime;
  readonly #servers: readonly SimulatedNats[];
  readonly #sinks: readonly SinkModel[];
  readonly #channels = sides.map((side) => new ChannelModel(`1429010002-${side}`));
  readonly #ids = new GivenIds();
  readonly #truth: PipelineTruth;
  #life: PipelineLife | null = null;
  #written = 0;
  /** By channel: records that its journal did not take. */
  readonly #refused = new Map<number, RefusedAppend>();
  /** What was seen where an error would be caught. */
  #broken: string | null = null;
  crashes = 0;
  /** Messages that were stored, over all servers. */
  stored = 0;

  /** @throws {AssertionError} where a promise was broken */
  static async execute(plan: PipelinePlan): Promise<PipelineRun> {
    const run = new PipelineRun(plan);
    try {
      await run.#surviving(() => run.#start());
      for (const command of plan.commands) await run.#surviving(() => run.#execute(command));
      await run.#surviving(() => run.#finish());
    } finally {
      run.#box[Symbol.dispose]();
    }
    return run;
  }

  private constructor(plan: PipelinePlan) {
    this.#box = new CrashBox({ ...plan, commands: [] }, () => this.#beforeCrash());
    this.#time = new PipelineTime(this.#box, () => this.#checkTruth());
    const random = new Random(plan.seed ^ 0x9e7);
    this.#sinks = Array.from({ length: plan.sinks }, () => new SinkModel());
    this.#servers = this.#sinks.map((sink, i) => {
      const server = new SimulatedNats({ timers: this.#time.timers, random: () => random.next() });
      server.limits = { ...usualLimits, duplicateWindowMs: plan.duplicateWindowMs };
      server.refused = (message) => {
        sink.refused.add(messageId(message));
        if (messageId(message) !== "") this.#truth.refuse(i, this.#time.nowMs);
      };
      server.settled = () => this.#truth.settle(i);
      server.stored = (message, stream, sequence) => {
        this.stored += 1;
        sink.store(message, stream, sequence);
      };
      server.published = (message, inFlight) => {
        const isWithin = inFlight.records <= maxInFlight &&
          (inFlight.bytes <= maxBytesInFlight || inFlight.records === 1);
        if (!isWithin) this.#broken ??= `under way at once: ${JSON.stringify(inFlight)}`;
        if (!this.#ids.note(message)) this.#broken ??= `${messageId(message)} was given twice`;
      };
      return server;
    });
    this.#truth = new PipelineTruth(this.#servers);
  }

  /** Does it; where the box dies in it, what comes after a crash instead. */
  async #surviving(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!this.#box.dead || error instanceof assert.AssertionError) throw error;
    }
    while (this.#box.dead) await this.#recover();
  }

  async #execute(command: PipelineCommand): Promise<void> {
    const box = this.#box;
    switch (command.do) {
      case "append":
        return this.#append(command);
      case "sync":
        for (const journal of this.#life?.journals ?? []) {
          await this.#time.settled(journal.sync().catch(() => undefined));
        }
        return this.#promise();
      case "wait":
        return await this.#advance(command.ms);
      case "restart":
        return await this.#restart(command.without);
      case "crash":
        return box.arm({ ...command, do: "crash" });
      case "fail disk":
        return box.fail(command.faults);
      case "fill disk":
        return box.fill(command.freeBytes);
      case "heal disk":
        return box.heal();
      default: {
        const server = this.#servers[command.sink];
        if (server !== undefined) disturb(server, command);
      }
    }
  }

  #append(
    { channel, records, bytes }: { readonly channel: number; records: number; bytes: number },
  ): void {
    const journal = this.#life?.journals[channel];
    const model = this.#channels[channel];
    if (journal === undefined || model === undefined) return;
    this.#box.wallMs += 7;
    // What was refused is tried again before anything else is appended, as a channel does.
    const { texts, timeMs } = this.#refused.get(channel) ?? {
      texts: Array.from(
        { length: records },
        () => `${++this.#written}:`.padEnd(bytes, "abcdefgh"),
      ),
      timeMs: this.#box.wallMs,
    };
    const encoder = new TextEncoder();
    const fragments: Fragment[] = texts.map((text) => ({
      bytes: encoder.encode(text),
      end: "line_feed",
    }));
    // Of an append in which the process died a part may stand there, and nobody goes on with it.
    const isTorn = journal.position.openBytes !== null;
    if (isTorn) fragments.unshift({ bytes: new Uint8Array(0), end: "hang_up" });
    try {
      journal.append(fragments, timeMs);
      model.append(texts, journal);
      this.#refused.delete(channel);
    } catch (error) {
      model.append(texts, null);
      if (this.#box.healthy) throw error;
      this.#refused.set(channel, { texts, timeMs });
    }
    this.#promise();
  }

  async #start(): Promise<void> {
    const box = this.#box;
    box.clearTimers();
    this.#truth.begin();
    this.#refused.clear();
    const open = (): Promise<PipelineLife> =>
      this.#time.settled(PipelineLife.start({
        box,
        sides,
        servers: this.#servers,
        report: (sink, notice) => this.#hear(sink, notice),
      }));
    try {
      this.#life = await open();
    } catch (error) {
      if (box.healthy || box.dead) throw error;
      box.heal();
      this.#life = await open();
    }
    box.heal();
  }

  async #restart(without: LostFiles): Promise<void> {
    const life = this.#life;
    if (life === null) return;
    this.#truth.begin();
    await this.#time.settled(life.stop());
    this.#promise();
    this.#life = null;
    for (const channel of this.#channels) channel.outlive(false);
    if (this.#box.healthy && without === "cursors") {
      life.loseCursors();
      for (const sink of this.#sinks) sink.loseCursors();
    }
    if (this.#box.healthy && without === "first journal") {
      // Half a deletion would leave records of which nobody knows the ids.
      this.#box.disarm();
      this.#channels[0]?.forget();
      life.loseJournal(0);
    }
    await this.#start();
  }

  #beforeCrash(): void {
    this.#promise();
    for (const server of this.#servers) server.dropClient();
    this.#life?.die();
  }

  async #recover(): Promise<void> {
    // An assertion is thrown where nobody catches it in a life that is over.
    this.#beforeCrash();
    this.crashes += 1;
    this.#life?.bury();
    await this.#time.pass();
    const released = this.#life?.released ?? [];
    const power = this.#box.restart();
    // A disk that fails tells nothing.
    if (this.#box.healthy) this.#life?.assertRemembered(released, this.#box.disk);
    for (const channel of this.#channels) channel.outlive(power);
    this.#life = null;
    await this.#surviving(() => this.#start());
  }

  /** All is well from now on: everything that is kept gets where it belongs. */
  async #finish(): Promise<void> {
    const box = this.#box;
    box.disarm();
    box.heal();
    for (const server of this.#servers) healServer(server);
    const life = this.#life;
    assert.ok(life !== null);
    const healedMs = this.#time.nowMs;
    for (const journal of life.journals) await this.#time.settled(journal.sync());
    await this.#advance(everythingAskedMs);
    while (!life.isQuiet) {
      const passedMs = this.#time.nowMs - healedMs;
      const states = life.sinks.map(({ status }) => JSON.stringify(status)).join();
      assert.ok(
        passedMs <= healMs,
        `not delivered ${healMs / 1000} s after all is well: ${states}`,
      );
      await this.#advance(250);
    }
    // What still comes of what was under way must do no harm.
    await this.#advance(3000);
    assert.ok(life.isQuiet, "a sink that was quiet is not any more");
    const records = await Promise.all(life.journals.map((journal) => this.#records(journal)));
    for (const [i, server] of this.#servers.entries()) {
      for (const [at, channel] of this.#channels.entries()) {
        this.#sinks[i]?.assertHolds(channel, server, records[at] ?? []);
      }
    }
    this.#truth.begin();
    const last = life.journals.map(({ lastSequence }) => lastSequence);
    assert.deepEqual(life.released, last, "what is delivered may go");
    await this.#time.settled(life.stop());
    assert.deepEqual(life.passed(box.disk), last, "what is delivered is known to be");
    assert.equal(box.disk.openHandles, 0, "handles open after the stop");
  }

  async #records(journal: Journal): Promise<JournalRecord[]> {
    using reader = journal.reader();
    const records: JournalRecord[] = [];
    for (let next = journal.oldestSequence;;) {
      const result = await this.#time.settled(
        reader.read(next, { maxRecords: 50, maxBytes: 10_000 }),
      );
      if (result.next === next) return records;
      records.push(...result.records);
      next = result.next;
    }
  }

  #hear(sink: number, { kind, message, details }: Notice): void {
    const sequence = details?.["sequence"];
    if (kind !== "rejected_record" || typeof sequence !== "number") return;
    const channel = this.#channels.find(({ name }) => message.startsWith(name));
    if (channel !== undefined) this.#sinks[sink]?.setAside(channel, sequence);
  }

  #promise(): void {
    for (const [i, journal] of (this.#life?.journals ?? []).entries()) {
      this.#channels[i]?.promise(journal);
    }
  }

  #checkTruth(): void {
    assert.equal(this.#broken, null);
    this.#truth.check(this.#time.nowMs, this.#life?.sinks ?? []);
  }

  async #advance(ms: number): Promise<void> {
    await this.#time.advance(ms);
    this.#promise();
  }
}
