import assert from "node:assert/strict";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { JsonJournal, type JsonJournalOptions } from "../../src/telemetry/json_journal.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { readAll } from "../support/journal_box.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";

const timeMs = Date.UTC(2025, 11, 3, 15, 4, 5, 123);

function open(
  folder: TemporaryFolder,
  more: Partial<JsonJournalOptions> = {},
): Promise<JsonJournal> {
  return JsonJournal.open({
    name: "events",
    folder: folder.path,
    statePath: folder.path,
    tailFolder: folder.join("tail"),
    space: { floorBytes: 0, isClosed: false },
    boot: "one",
    maxBytes: 1_000_000,
    disk: systemDisk,
    clock: systemClock,
    report: () => {},
    ...more,
  });
}

async function texts({ journal }: JsonJournal): Promise<string[]> {
  await journal.sync();
  const { records, unreadable } = await readAll(journal);
  assert.deepEqual(unreadable, []);
  return records.map(({ line }) => new TextDecoder().decode(line));
}

function bytesIn(folder: TemporaryFolder): number {
  return [...Deno.readDirSync(folder.path)]
    .filter(({ name }) => name.startsWith("events.") && /\.(log|idx)$/.test(name))
    .reduce((sum, { name }) => sum + Deno.statSync(folder.join(name)).size, 0);
}

Deno.test("JsonJournal: its file is lines of JSON, and so is each record", async () => {
  using folder = new TemporaryFolder();
  await using events = await open(folder);
  assert.equal(events.append({ type: "a", n: 1 }, timeMs), true);
  assert.equal(events.append({ type: "b" }, timeMs + 1), true);
  const expected = [
    '{"ts":"2025-12-03T15:04:05.123Z","type":"a","n":1}\n',
    '{"ts":"2025-12-03T15:04:05.124Z","type":"b"}\n',
  ];
  assert.deepEqual(await texts(events), expected);
  assert.equal(Deno.readTextFileSync(folder.join("events.log")), expected.join(""));
});

Deno.test("JsonJournal: without its index every line is found again, with its time", async () => {
  using folder = new TemporaryFolder();
  {
    await using events = await open(folder);
    for (let i = 0; i < 50; i++) events.append({ type: "a", i }, timeMs + i);
  }
  Deno.removeSync(folder.join("events.idx"));
  await using events = await open(folder);
  await events.journal.sync();
  const { records } = await readAll(events.journal);
  assert.deepEqual(
    records.map(({ timeMs }) => timeMs),
    Array.from({ length: 50 }, (_, i) => timeMs + i),
  );
});

Deno.test("JsonJournal: it takes no more room than it may, though nobody has had any of it", async () => {
  using folder = new TemporaryFolder();
  const notices: Notice[] = [];
  const maxBytes = 50_000;
  await using events = await open(folder, { maxBytes, report: (notice) => notices.push(notice) });
  for (let i = 0; i < 5000; i++) {
    assert.equal(events.append({ type: "a", i, msg: "x".repeat(i % 90) }, timeMs + i), true);
    if (i % 100 === 0) await events.journal.sync();
  }
  await waitFor("what is too much to be gone", async () => {
    await events.journal.sync();
    return bytesIn(folder) <= maxBytes * 1.25;
  });
  const kept = await texts(events);
  assert.equal(JSON.parse(kept.at(-1) ?? "").i, 4999, "the newest are kept");
  assert.ok(bytesIn(folder) > maxBytes / 2, "and as many as there is room for");
  const lost = notices.filter(({ kind }) => kind === "records_lost");
  const count = lost.reduce((sum, { details }) => sum + Number(details?.["records"]), 0);
  assert.equal(count + kept.length, 5000, "what went is told, once");
});

Deno.test("JsonJournal: what disk and memory refuse is refused, and no error", async () => {
  using folder = new TemporaryFolder();
  const disk = new FailingDisk();
  await using events = await open(folder, { disk });
  assert.equal(events.append({ type: "kept" }, timeMs), true);
  await events.journal.sync();
  disk.before = ({ what, path }) => {
    if (what === "append" || what === "open to append") throw new Error(`${what} ${path}`);
  };
  assert.equal(events.append({ type: "lost" }, timeMs), false);
  disk.heal();
  assert.equal(events.append({ type: "later" }, timeMs), true);
  const types = (await texts(events)).map((line) => JSON.parse(line).type);
  assert.deepEqual(types, ["kept", "later"]);
});
