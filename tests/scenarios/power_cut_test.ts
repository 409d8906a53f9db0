// Power cuts on real file systems. The journal's promises are held against them, and so is the
// simulated disk: what a real one leaves, the simulation must be able to leave, too.
// `POWER_CUTS=100` makes so many.

import assert from "node:assert/strict";
import { type Fragment } from "../../src/framer/framer.ts";
import { Journal } from "../../src/journal/journal.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { appendAll, type Disk, systemDisk } from "../../src/platform/disk.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { Random } from "../../src/simulate/random.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { channel, journalOf, plentyOfRoom } from "../support/journal_box.ts";
import { type FoundRecords, JournalModel, modelRecord } from "../support/journal_model.ts";
import { availableFileSystems, LoopImage, loopImageNeeds } from "../support/loop_image.ts";
import { requires } from "../support/requirements.ts";
import { seeds } from "../support/seeds.ts";
import { contents, folder as simulatedFolder, outcomes } from "../support/simulated_contents.ts";

const cuts = Number(Deno.env.get("POWER_CUTS") ?? 5);

async function findAll(journal: Journal): Promise<FoundRecords> {
  using reader = journal.reader();
  const records = [];
  const unreadable = [];
  for (let next = journal.oldestSequence;;) {
    const result = await reader.read(next, { maxRecords: 500, maxBytes: 1_000_000 });
    if (result.next === next) break;
    records.push(...result.records.map(modelRecord));
    unreadable.push(...result.unreadable);
    next = result.next;
  }
  return { records, unreadable, openBytes: journal.position.openBytes };
}

/** A box whose power goes again and again; each time it goes on with what is left. */
class CutBox implements AsyncDisposable {
  readonly #random: Random;
  readonly #model = new JournalModel();
  #tailFolder = new TemporaryFolder("tail");
  #image: LoopImage;
  #journal: Journal | null = null;
  #boot = 0;
  #written = 0;
  #timeMs = Date.UTC(2025, 11, 3);

  constructor(fileSystem: string, random: Random) {
    this.#random = random;
    this.#image = LoopImage.make(fileSystem);
    systemDisk.makeFolder(`${this.#image.path}/logs`);
    systemDisk.makeFolder(`${this.#image.path}/state`);
  }

  async open(): Promise<void> {
    const lasting = this.#model.lastingSequence;
    const notices: Notice[] = [];
    const options = {
      ...journalOf(channel),
      folder: `${this.#image.path}/logs`,
      ...plentyOfRoom(this.#tailFolder.path),
      statePath: `${this.#image.path}/state/journal.json`,
      boot: `boot ${++this.#boot}`,
      maxSegmentBytes: this.#random.pick([500, 3000, 20_000]),
      maxBackups: this.#random.pick([3, 10_000]),
      compress: false,
      holders: ["sink"],
      sync: this.#random.pick(["always", 5, 1_000_000] as const),
      disk: systemDisk,
      clock: systemClock,
      report: (notice: Notice) => void notices.push(notice),
    };
    const journal = await Journal.open(options);
    this.#journal = journal;
    for (const { kind, level, message, details } of notices) {
      // Bytes that were never synced may be left over, in the log or out of it.
      if (level !== "error" || /^(stray|quarantined)_bytes$/.test(kind)) continue;
      assert.equal(kind, "unreadable_records", message);
      // What an earlier power cut left is told again.
      if (this.#boot === 2) assert.ok(Number(details?.["from"]) > lasting, message);
    }
    await journal.sync();
    this.#model.outlivePowerCut(await findAll(journal));
  }

  /** Appends, syncs and rotates for a while, then has the power go. */
  async lifeAndCut(): Promise<void> {
    const journal = this.#journal;
    assert.ok(journal !== null);
    for (let steps = this.#random.integer(1, 150); steps > 0; steps--) await this.#step(journal);
    if (this.#random.next() < 0.3) {
      journal.shelf.release("sink", journal.syncedSequence);
      this.#model.release(journal.syncedSequence);
    }
    // What is synced until here must survive. Syncs may be under way.
    this.#model.promise(journal.syncedSequence);
    const left = await this.#cut(journal);
    await journal.close();
    this.#image[Symbol.dispose]();
    this.#image = left;
    await this.open();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#journal?.close();
    this.#image[Symbol.dispose]();
    this.#tailFolder[Symbol.dispose]();
  }

  async #step(journal: Journal): Promise<void> {
    if (this.#random.next() < 0.8) return this.#append(journal);
    const kind = this.#random.integer(0, 3);
    const { open } = this.#model;
    if (kind === 0) {
      await journal.sync();
      this.#model.promiseOpen(open);
    } else if (kind === 1) journal.sync().catch(() => undefined);
    else await systemClock.delay(this.#random.integer(0, 3));
  }

  async #cut(journal: Journal): Promise<LoopImage> {
    if (this.#random.next() < 0.5) return this.#image.cut();
    let copied = false;
    const copy = this.#image.cutSlowly().finally(() => copied = true);
    while (!copied) {
      this.#append(journal);
      if (this.#random.next() < 0.3) await journal.sync();
      else await systemClock.delay(0);
    }
    return await copy;
  }

  #append(journal: Journal): void {
    this.#timeMs += 1;
    const fragments = Array.from(
      { length: this.#random.integer(1, 3) },
      (_, i): Fragment => ({
        bytes: this.#bytes(),
        end: i === 2 && this.#random.next() < 0.3 ? null : "line_feed",
      }),
    );
    journal.append(fragments, this.#timeMs);
    this.#model.accept(fragments, this.#timeMs, journal.lastSequence, journal.epoch);
  }

  #bytes(): Uint8Array {
    const length = this.#random.next() < 0.05 ? 6000 : this.#random.integer(1, 200);
    const text = `${++this.#written}:`.padEnd(length, "abcdefgh");
    return new TextEncoder().encode(text);
  }
}

const { test } = requires(...loopImageNeeds);

test("a power cut of the box takes nothing that was synced, and invents nothing", async (context) => {
  for (const fileSystem of availableFileSystems()) {
    for (const seed of seeds()) {
      await context.step(`${cuts} cuts on ${fileSystem}, SEED=${seed}`, async () => {
        await using box = new CutBox(fileSystem, new Random(seed));
        await box.open();
        for (let cut = 0; cut < cuts; cut++) await box.lifeAndCut();
      });
    }
  }
});

/** What is done in a folder before the power goes. */
const acts: Readonly<Record<string, (disk: Disk, folder: string) => void>> = {
  "a new file, synced without its folder": (disk, folder) =>
    write(disk, `${folder}/a`, "new", true),
  "a new file that was not synced": (disk, folder) => write(disk, `${folder}/a`, "new", false),
  "a new file that was not synced, in a folder that was": (disk, folder) => {
    write(disk, `${folder}/a`, "new", false);
    disk.syncFolderNow(folder);
  },
  "a renamed file, its folder not synced": (disk, folder) => {
    write(disk, `${folder}/a`, "one", true);
    disk.syncFolderNow(folder);
    disk.rename(`${folder}/a`, `${folder}/b`);
  },
  "an unsynced file renamed over a synced one": (disk, folder) => {
    write(disk, `${folder}/b`, "old", true);
    disk.syncFolderNow(folder);
    write(disk, `${folder}/a`, "new", false);
    disk.rename(`${folder}/a`, `${folder}/b`);
  },
  "a removed file, its folder not synced": (disk, folder) => {
    write(disk, `${folder}/a`, "one", true);
    disk.syncFolderNow(folder);
    disk.remove(`${folder}/a`);
  },
  "an append that was not synced": (disk, folder) => {
    write(disk, `${folder}/a`, "one", true);
    disk.syncFolderNow(folder);
    write(disk, `${folder}/a`, "two", false);
  },
  "a truncate that was not synced": (disk, folder) => {
    write(disk, `${folder}/a`, "onetwo", true);
    disk.syncFolderNow(folder);
    const file = disk.append(`${folder}/a`);
    file.truncate(3);
    file.close();
  },
};

/** What else happens before the power goes: it may carry some of the changes to the platter. */
const delays: Readonly<Record<string, (folder: string) => void>> = {
  "at once": () => {},
  "after another file was synced": (folder) => write(systemDisk, `${folder}/other`, "x", true),
  "after its folder was synced": (folder) => systemDisk.syncFolderNow(folder),
  "after everything was synced": () => void new Deno.Command("sync").outputSync(),
};

function write(disk: Disk, path: string, text: string, sync: boolean): void {
  const file = disk.append(path);
  appendAll(file, new TextEncoder().encode(text));
  if (sync) file.syncNow();
  file.close();
}

function observe(disk: Disk, folder: string): string {
  return ["a", "b"].map((name) => `${name}=${contents(disk, `${folder}/${name}`)}`).join(" ");
}

test("what a real file system leaves, the simulated disk can leave, too", async (context) => {
  for (const fileSystem of availableFileSystems()) {
    for (const [name, act] of Object.entries(acts)) {
      await context.step(`${fileSystem}: ${name}`, () => {
        const possible = outcomes(
          (disk) => act(disk, simulatedFolder),
          (disk) => observe(disk, simulatedFolder),
        );
        const seen = new Set<string>();
        for (const delay of Object.values(delays)) {
          using image = LoopImage.make(fileSystem);
          const folder = `${image.path}/logs`;
          systemDisk.makeFolder(folder);
          systemDisk.syncFolderNow(image.path);
          act(systemDisk, folder);
          delay(folder);
          using left = image.cut();
          seen.add(observe(systemDisk, `${left.path}/logs`));
        }
        console.log(`${fileSystem}, ${name}: ${[...seen].join("; ")}; of ${possible.length}`);
        for (const each of seen) assert.ok(possible.includes(each), `${each}: not in ${possible}`);
      });
    }
  }
});
