// A disk that cannot be opened at start, and fails once more while it is opened later: at every call;
// or after a kill at every call, while records went into memory or came home from there.

import assert from "node:assert/strict";
import { Journal } from "../../src/journal/journal.ts";
import { CrashBox } from "../support/crash_box.ts";
import { bytesOf, texts } from "../support/journal_box.ts";
import { noFaults } from "../support/simulated_conditions.ts";
import { systemError } from "../support/system_error.ts";

const plan = {
  seed: 1,
  maxSegmentBytes: 200,
  maxBackups: 1000,
  sync: 50,
  sectorBytes: 512,
  byteOrder: "as written",
  nameOrder: "as changed",
  commands: [],
} as const;

function append(journal: Journal, ...texts: readonly string[]): void {
  journal.append(texts.map((text) => ({ bytes: bytesOf(text), end: "line_feed" })), 0);
}

/** Lets pass what the disk needs. */
async function pass(box: CrashBox, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 50) {
    box.tick(50);
    await box.pass();
  }
}

/** One life that fails at this call of a later opening. Returns whether there were so many. */
async function failsAt(call: number): Promise<boolean> {
  using box = new CrashBox(plan, () => {});
  const open = (): Promise<Journal> =>
    box.settled(Journal.open({ ...box.journalOptions(() => {}), disk: box.disk }));
  const first = await open();
  append(first, "one", "two", "three", "four");
  await box.settled(first.close());
  box.fail({ ...noFaults, failedCall: 1 });
  const journal = await open();
  append(journal, "five");
  box.heal();
  let calls = 0;
  box.disk.conditions.before = ({ path }) => {
    if (!path.startsWith("/run/") && ++calls === call) throw systemError("EIO", path);
  };
  await pass(box, 300);
  append(journal, "six");
  await pass(box, 1000);
  box.heal();
  append(journal, "seven");
  await box.settled(journal.sync());
  const found = await box.settled(texts(journal));
  assert.deepEqual(found, ["one", "two", "three", "four", "five", "six", "seven"], `call ${call}`);
  await box.settled(journal.close());
  assert.equal(box.disk.openHandles, 0, `handles open after a failure of call ${call}`);
  return calls >= call;
}

Deno.test("a disk that fails again while it is opened later loses nothing, and capture goes on", async () => {
  let calls = 0;
  while (await failsAt(calls + 1)) calls += 1;
  assert.ok(calls > 30, `${calls} calls`);
});

/** One life that is killed at this call, before a start that finds no disk. Returns whether there were so many. */
async function killedAt(call: number): Promise<boolean> {
  using box = new CrashBox(plan, () => {});
  const open = (): Promise<Journal> =>
    box.settled(Journal.open({ ...box.journalOptions(() => {}), disk: box.disk }));
  const first = await open();
  box.arm({ do: "crash", power: false, call, faults: { ...noFaults, failedCall: 1 } });
  const taken: string[] = [];
  const take = async (...texts: readonly string[]): Promise<void> => {
    append(first, ...texts);
    taken.push(...texts);
    await pass(box, 50);
  };
  try {
    box.fail({ ...noFaults, failedSync: 1 });
    // A segment, and the beginning of the next: nothing of them is synced when they go into memory.
    append(first, "one", "two", "three", "four", "five");
    taken.push("one", "two", "three", "four", "five");
    await take("six");
    box.disk.conditions.completeSyncs();
    await take("seven");
    box.disk.conditions.faults = noFaults;
    box.disk.conditions.syncs = "when told";
    // Between two of these a sync is under way.
    for (let number = 8; number < 30; number++) {
      await take(`${number}`);
      if (number % 2 === 0) box.disk.conditions.completeSyncs();
    }
  } catch {
    // The kill came in an append.
  }
  const wasKilled = box.dead;
  if (!wasKilled) box.disarm();
  box.clearTimers();
  box.restart();
  if (!wasKilled) box.fail({ ...noFaults, failedCall: 1 });
  const heir = await open();
  append(heir, "heir");
  box.heal();
  await pass(box, 1000);
  await box.settled(heir.sync());
  const found = await box.settled(texts(heir));
  const whole = found.filter((text) => taken.includes(text));
  assert.deepEqual(whole, taken, `call ${call}: ${found}`);
  assert.ok(found.includes("heir"), `call ${call}: ${found}`);
  await box.settled(heir.close());
  return wasKilled;
}

Deno.test("a kill while records go into memory, or come home, and then a start without the disk lose nothing", async () => {
  let calls = 0;
  while (await killedAt(calls + 1)) calls += 1;
  assert.ok(calls > 60, `${calls} calls`);
});
