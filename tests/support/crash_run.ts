// Runs a crash plan: a caller appends, syncs and reads, the disk fails, time passes, the process is
// killed and the power goes, at any disk call; and after each crash the journal is opened again and
// held against the model. The same plan gives the same run, but for the epochs' names.

import assert from "node:assert/strict";
import type { Fragment } from "../../src/framer/framer.ts";
import { Journal } from "../../src/journal/journal.ts";
import type { JournalPlace } from "../../src/journal/journal_place.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { CrashBox } from "./crash_box.ts";
import type { CrashCommand, CrashPlan, FragmentPlan } from "./crash_commands.ts";
import { type FoundRecords, JournalModel, modelRecord } from "./journal_model.ts";

export class CrashRun {
  readonly #model = new JournalModel();
  readonly #box: CrashBox;
  readonly #feedsInside: boolean;
  #journal: Journal | null = null;
  #written = 0;
  /** Nothing has happened yet of which an opening may complain. */
  #spotless = true;
  /** Since the journal was last held against the model. */
  #powerLost = false;
  #pending: { readonly fragments: readonly Fragment[]; readonly timeMs: number } | null = null;
  /** Where the journal stood before an append that has not succeeded. */
  #place: JournalPlace | undefined;
  #crashes = 0;
  #mendingRefused = false;

  private constructor(plan: CrashPlan) {
    this.#feedsInside = plan.feedsInside ?? false;
    this.#box = new CrashBox(plan, () => this.#noteSynced());
  }

  get crashes(): number {
    return this.#crashes;
  }

  /** Disk calls, over all lives. */
  get calls(): number {
    return this.#box.calls;
  }

  /** @throws {AssertionError} where the journal broke a promise */
  static async execute(plan: CrashPlan): Promise<CrashRun> {
    const run = new CrashRun(plan);
    try {
      await run.#surviving(() => run.#open());
      for (const command of plan.commands) await run.#surviving(() => run.#execute(command));
      await run.#surviving(() => run.#finish());
    } finally {
      run.#box[Symbol.dispose]();
    }
    return run;
  }

  /** Does it; where the disk dies in it, what comes after a crash instead. */
  async #surviving(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!this.#box.dead || error instanceof assert.AssertionError) throw error;
    }
    while (this.#box.dead) await this.#recover();
  }

  async #execute(command: CrashCommand): Promise<void> {
    const box = this.#box;
    switch (command.do) {
      case "append":
        return this.#append(command.fragments);
      case "sync":
        return await this.#orFault(async (journal) => {
          const last = journal.lastSequence;
          const { open } = this.#model;
          await this.#box.settled(journal.sync());
          if (!journal.inMemory) this.#model.promiseOpen(open);
          assert.ok(journal.syncedSequence >= last, "sync() covers what was appended before it");
        });
      case "begin sync":
        this.#journal?.sync().catch(() => undefined);
        await box.pass();
        return this.#noteSynced();
      case "complete sync":
        box.disk.conditions.completeSyncs(1);
        await box.pass();
        return this.#noteSynced();
      case "read":
        return await this.#orFault(async (journal) => {
          const found = await this.#found(journal);
          this.#noteSynced();
          this.#model.read(found);
        });
      case "reopen":
        await this.#orFault((journal) => this.#box.settled(journal.close()));
        this.#noteSynced();
        this.#journal = null;
        return await this.#open();
      case "heal":
        return box.heal();
      case "wait":
        box.tick(command.ms);
        await box.pass();
        return this.#noteSynced();
      case "begin epoch":
        return await this.#orFault((journal) =>
          journal.beginEpoch(journal.lastSequence + 1 + command.skip, "a test wants it")
        );
      case "release":
        return this.#release(command.behind);
      case "step clock":
        box.wallMs += command.ms;
        return;
      case "time syncs":
        box.disk.conditions.syncs = command.syncs;
        return;
      case "fail":
        return box.fail(command.faults);
      case "fill":
        return box.fill(command.freeBytes);
      case "turn read-only":
        return box.turnReadOnly();
      case "crash":
        return box.arm(command);
    }
  }

  #append(plans: readonly FragmentPlan[]): void {
    const journal = this.#journal;
    if (journal === null) return;
    this.#box.wallMs += 7;
    const { fragments, timeMs } = this.#pending ??
      { fragments: plans.map((plan) => this.#fragment(plan)), timeMs: this.#box.wallMs };
    this.#model.attempt(fragments, timeMs);
    if (this.#feedsInside) this.#place ??= journal.place;
    try {
      journal.append(fragments, timeMs);
    } catch (error) {
      if (this.#box.healthy) throw error;
      this.#pending = { fragments, timeMs };
      return;
    }
    this.#pending = null;
    this.#place = undefined;
    this.#model.accept(fragments, timeMs, journal.lastSequence, journal.epoch);
    this.#noteSynced();
  }

  #fragment({ bytes, end }: FragmentPlan): Fragment {
    const filling = this.#feedsInside ? "ab\ncdefgh\n" : "abcdefgh";
    const text = `${++this.#written}:`.padEnd(bytes, filling).slice(0, bytes);
    return { bytes: new TextEncoder().encode(text), end };
  }

  #release(behind: number): void {
    const journal = this.#journal;
    const sequence = (journal?.syncedSequence ?? 0) - behind;
    if (journal === null || sequence < 1) return;
    this.#model.release(sequence);
    journal.shelf.release("sink", sequence);
  }

  /** Opens the journal; on a disk that fails, after it was mended. */
  async #open(): Promise<void> {
    this.#box.clearTimers();
    const wasHealthy = this.#box.healthy;
    const notices: Notice[] = [];
    const options = this.#box.journalOptions((notice) => notices.push(notice));
    const open = (): Promise<Journal> =>
      this.#box.settled(Journal.open({ ...options, cutBackTo: this.#place, disk: this.#box.disk }));
    let journal: Journal;
    try {
      journal = await open();
    } catch (error) {
      if (wasHealthy || this.#box.dead) throw error;
      assert.equal(this.#box.disk.openHandles, 0, "handles open after a refused open");
      this.#box.heal();
      journal = await open();
    }
    if (wasHealthy) {
      const refusals = notices.filter(({ kind }) => kind === "disk_refuses");
      assert.deepEqual(refusals, [], "a disk that works is opened");
    }
    this.#box.heal();
    this.#mendingRefused ||= notices.some(({ kind }) => kind === "mending_refused");
    // What a power cut or a torn append left in a log is told again at every start.
    this.#spotless &&= !this.#powerLost && !this.#model.hasAttempted && wasHealthy;
    if (this.#spotless) {
      // A torn append that could not be cut back stands there, and in memory once more, whole; and so
      // may a log of which only the index could be removed.
      const tolerated = this.#box.hasFailed ? ["quarantined_bytes", "index_lost"] : [];
      const complaints = notices.filter(({ level, kind }) =>
        level === "error" && !tolerated.includes(kind)
      );
      assert.deepEqual(complaints, [], "complaints of opening after a kill");
    }
    await this.#hold(journal);
    // Only what the model knows can be promised.
    this.#journal = journal;
    this.#noteSynced();
  }

  /** Holds the journal that has just been opened against the model. */
  async #hold(journal: Journal): Promise<void> {
    // A disk that refused to be opened takes records from now on. What was open at a power cut is ended
    // then, and safe the next time.
    await this.#box.settled(journal.sync());
    await this.#box.settled(journal.sync());
    const found = await this.#found(journal);
    if (this.#powerLost) this.#model.outlivePowerCut(found);
    else this.#model.outliveKill(found, { mayRecover: this.#mendingRefused });
    this.#powerLost = false;
    this.#pending = null;
    this.#place = undefined;
  }

  async #recover(): Promise<void> {
    this.#noteSynced();
    this.#crashes += 1;
    this.#journal = null;
    if (this.#box.restart()) {
      this.#powerLost = true;
      this.#place = undefined;
    }
    await this.#surviving(() => this.#open());
  }

  async #finish(): Promise<void> {
    this.#box.disarm();
    this.#box.heal();
    const journal = this.#journal;
    assert.ok(journal !== null);
    await this.#box.settled(journal.close());
    assert.equal(journal.syncedSequence, journal.lastSequence, "close() syncs");
    this.#noteSynced();
    assert.equal(this.#box.disk.openHandles, 0, "handles open after close()");
    await this.#open();
    await this.#box.settled(this.#journal?.close() ?? Promise.resolve());
    assert.equal(this.#box.disk.openHandles, 0, "handles open after close()");
  }

  /** Does what a failing disk may refuse, and nothing else may. */
  async #orFault(action: (journal: Journal) => Promise<void> | void): Promise<void> {
    const journal = this.#journal;
    if (journal === null) return;
    try {
      await action(journal);
    } catch (error) {
      if (this.#box.healthy || error instanceof assert.AssertionError) throw error;
    }
    this.#noteSynced();
  }

  async #found(journal: Journal): Promise<FoundRecords> {
    using reader = journal.reader();
    const records = [];
    const unreadable = [];
    let isCutOff = false;
    for (let next = journal.oldestSequence;;) {
      const result = await this.#box.settled(
        reader.read(next, { maxRecords: 50, maxBytes: 10_000 }),
      );
      if (result.next === next) break;
      records.push(...result.records.map(modelRecord));
      unreadable.push(...result.unreadable);
      isCutOff = result.records.at(-1)?.end === "reboot";
      next = result.next;
    }
    return { records, unreadable, openBytes: journal.position.openBytes, isCutOff };
  }

  #noteSynced(): void {
    const journal = this.#journal;
    if (journal !== null) this.#model.promise(journal.syncedSequence, journal.durableSequence);
  }
}
