// One life of the simulated box's process: two journals and a sink for each server. When it is killed
// nothing of it goes on, though its code may still be running up to its next wait.

import assert from "node:assert/strict";
import { CursorFile } from "../../src/delivery/cursor.ts";
import { cursorPath } from "../../src/delivery/destinations.ts";
import type { StreamServer } from "../../src/delivery/stream_server.ts";
import { Sink } from "../../src/delivery/sink.ts";
import { Journal } from "../../src/journal/journal.ts";
import type { Clock } from "../../src/platform/clock.ts";
import type { Disk } from "../../src/platform/disk.ts";
import type { Notice } from "../../src/platform/notice.ts";
import type { CrashBox } from "./crash_box.ts";
import { channel, journalOf } from "./journal_box.ts";
import type { SimulatedNats } from "./simulated_nats.ts";
import { neverRenewed } from "./same_identity.ts";

const logPath = "/logs";
const statePath = "/state";
const subject = "ks.cdr.test";
const wantedStream = { name: "cdr", subjects: ["ks.cdr.>"] };

export interface PipelineLifeOptions {
  readonly box: CrashBox;
  readonly sides: readonly string[];
  readonly servers: readonly SimulatedNats[];
  /** What the sink with this index reports. */
  readonly report: (sink: number, notice: Notice) => void;
}

export class PipelineLife {
  readonly journals: Journal[] = [];
  readonly sinks: readonly Sink[];
  readonly #disk: Disk;
  readonly #sides: readonly string[];
  readonly #names: readonly string[];
  readonly #mortality: { isOver: boolean };
  /** A stream was found to have lost records. */
  #isRewound = false;

  static async start(options: PipelineLifeOptions): Promise<PipelineLife> {
    const { box, sides } = options;
    const mortality = { isOver: false };
    const names = options.servers.map((_, i) => `sink${i + 1}`);
    const settings = { ...box.journalOptions(() => {}), disk: box.disk, holders: names };
    const clock = mortalClock(settings.clock, mortality);
    const journals: Journal[] = [];
    try {
      for (const side of sides) {
        const own = { ...journalOf({ ...channel, side }), statePath: statePathOf(side), clock };
        journals.push(await Journal.open({ ...settings, ...own }));
      }
    } catch (error) {
      for (const journal of journals) await journal.close();
      throw error;
    }
    return new PipelineLife(options, { journals, clock, names, mortality });
  }

  private constructor({ box, sides, servers, report }: PipelineLifeOptions, made: {
    readonly journals: readonly Journal[];
    readonly clock: Clock;
    readonly names: readonly string[];
    readonly mortality: { isOver: boolean };
  }) {
    const { journals, clock, names, mortality } = made;
    this.journals.push(...journals);
    this.#disk = box.disk;
    this.#sides = sides;
    this.#names = names;
    this.#mortality = mortality;
    this.sinks = servers.map((server, i) =>
      new Sink({
        name: names[i] ?? "",
        server: mortalServer(server, mortality),
        feeds: journals.map((journal) => ({ journal, subject })),
        wantedStream,
        statePath,
        maxWaitMs: 5000,
        disk: box.disk,
        clock,
        random: server.random,
        report: (notice) => {
          if (notice.kind === "stream_lost_records") this.#isRewound = true;
          report(i, notice);
        },
      })
    );
    for (const sink of this.sinks) sink.start();
  }

  /** Every sink is connected and has nothing more to do. */
  get isQuiet(): boolean {
    return this.sinks.every((sink) => sink.caughtUp && sink.status.state === "delivering");
  }

  async stop(): Promise<void> {
    for (const sink of this.sinks) await sink.stop();
    for (const journal of this.journals) await journal.close();
  }

  /** The process was killed. */
  die(): void {
    this.#mortality.isOver = true;
  }

  /** Lets go of what waits in a process that is dead; signals that nobody aborts are never collected. */
  bury(): void {
    for (const sink of this.sinks) sink.stop();
  }

  /** By journal, up to which record all sinks have said that it may go. */
  get released(): readonly number[] {
    return this.journals.map(({ shelf }) => shelf.holders.releasedSequence);
  }

  /** By journal, which records all sinks have behind them as their cursors on `disk` tell. */
  passed(disk: Disk): readonly number[] {
    const cursors = this.#names.map((name) => new CursorFile(disk, cursorPath(statePath, name)));
    return this.journals.map(({ name }) =>
      Math.min(...cursors.map((file) => (file.get(name)?.next ?? 1) - 1))
    );
  }

  /** What was released is known to be passed; but when it is needed again it was released before. */
  assertRemembered(released: readonly number[], disk: Disk): void {
    if (this.#isRewound) return;
    for (const [i, passed] of this.passed(disk).entries()) {
      assert.ok((released[i] ?? 0) <= passed, `released ${released[i]}, ${passed} were passed`);
    }
  }

  /** Somebody deletes the journal of the channel with this index, for good. */
  loseJournal(channel: number): void {
    const { name } = this.journals[channel] ?? {};
    const side = this.#sides[channel];
    if (name === undefined) return;
    for (const file of this.#disk.list(logPath)) {
      if (file.startsWith(`${name}.`)) this.#disk.remove(`${logPath}/${file}`);
    }
    if (this.#disk.size(statePathOf(side)) !== null) this.#disk.remove(statePathOf(side));
    for (const folder of [logPath, statePath]) this.#disk.syncFolderNow(folder);
  }

  /** Somebody deletes the cursors' files. */
  loseCursors(): void {
    for (const name of this.#names) {
      const path = cursorPath(statePath, name);
      if (this.#disk.size(path) !== null) this.#disk.remove(path);
    }
  }
}

function statePathOf(side = ""): string {
  return `${statePath}/${side}.json`;
}

function mortalClock(clock: Clock, mortality: { readonly isOver: boolean }): Clock {
  return {
    wallMs: () => clock.wallMs(),
    monotonicMs: () => clock.monotonicMs(),
    delay(ms, signal) {
      return new Promise((resolve) => {
        if (mortality.isOver) return;
        if (signal?.aborted) return resolve();
        const finish = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", finish);
          resolve();
        };
        const timer = setTimeout(finish, ms);
        signal?.addEventListener("abort", finish);
      });
    },
  };
}

function mortalServer(
  server: StreamServer,
  mortality: { readonly isOver: boolean },
): StreamServer {
  return {
    connect: (signal) => mortality.isOver ? new Promise(() => {}) : server.connect(signal),
    renewed: neverRenewed,
  };
}
