// Raw capture of a port that never rests: it misses nothing while the disk takes it, says exactly
// what it misses, and whatever happens to it, no record feels it.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { FedSite } from "../support/fed_site.ts";
import { latin1 } from "../support/site.ts";
import { MemoryFileSystem } from "../support/memory_file_system.ts";
import { natsServer } from "../support/nats_program.ts";
import { type RawLine, rawText, readRawLine } from "../support/raw_lines.ts";
import { program, requires, root } from "../support/requirements.ts";
import { waitFor } from "../support/wait_for.ts";

const needs = requires(natsServer);
const fullDiskNeeds = requires(root, program("mount"), natsServer);
const megabyte = 1024 * 1024;
const portKeys = { raw_capture: true };
/** Records a second. */
const rate = 100;

/** What the port's raw files say; a line that a kill tore is left out. */
function rawLines(fed: FedSite): RawLine[] {
  const text = rawText(`${fed.site.logFolder}/raw`, fed.site.channel(0));
  return text.split("\n").slice(0, -1).flatMap((line) => {
    try {
      return [readRawLine(line)];
    } catch {
      return [];
    }
  });
}

function readIn(lines: readonly RawLine[]): string {
  return latin1(Buffer.concat(lines.flatMap(({ bytes }) => bytes ?? [])));
}

function sentBy(fed: FedSite): string {
  return (fed.feeds[0]?.sent ?? []).map((record) => `${record}\r\n`).join("");
}

/** Bytes that the raw files say to be missing. */
function missingIn(lines: readonly RawLine[]): number {
  const told = lines.map(({ note }) => /^missing (\d+) bytes/.exec(note)?.[1] ?? 0);
  return told.reduce((sum: number, bytes) => sum + Number(bytes), 0);
}

needs.test("a raw capture that cannot be written is told once, goes on by itself, and costs no record", async () => {
  await using fed = await FedSite.start({
    ports: 1,
    rate,
    portKeys,
    prepare: ({ logFolder }) => {
      Deno.mkdirSync(logFolder);
      // In the place of the folder.
      Deno.writeTextFileSync(`${logFolder}/raw`, "somebody's file\n");
    },
  });
  await fed.untilSaid("raw capture to");
  await fed.untilDelivered("records meanwhile", 600);
  Deno.removeSync(`${fed.site.logFolder}/raw`);
  await fed.untilSaid("raw capture goes on");
  await fed.untilDelivered("records after", 100);
  await fed.assertAllIsWell();
  const lines = rawLines(fed);
  const missing = missingIn(lines);
  const sent = sentBy(fed);
  const read = readIn(lines);
  assert.equal(read.length + missing, sent.length);
  // A busy machine may make more of it wait than there is room for.
  if (missing === 0) assert.equal(read, sent);
  assert.equal(lines.at(-1)?.note, "closed: stop");
  assert.equal(fed.said.split("raw capture to").length, 2, fed.said);
});

needs.test("a kill costs a raw capture no more than its last moments, and no record anything", async () => {
  await using fed = await FedSite.start({ ports: 1, rate, portKeys });
  await fed.untilDelivered("records before", 100);
  const early = sentBy(fed);
  // Three seconds.
  await fed.untilDelivered("records that the capture may miss", 300);
  await fed.site.collector.kill();
  await fed.site.collector.start();
  await fed.untilDelivered("records after", 100);
  await fed.assertAllIsWell();
  const lines = rawLines(fed);
  const openings = lines.flatMap(({ note }, i) => note.startsWith("opened") ? [i] : []);
  assert.equal(openings.length, 2);
  const before = readIn(lines.slice(0, openings[1]));
  assert.ok(before.startsWith(early), `${before.length} of ${early.length} bytes`);
  const sent = sentBy(fed);
  assert.ok(sent.startsWith(before));
  assert.ok(sent.endsWith(readIn(lines.slice(openings[1]))));
});

fullDiskNeeds.test("a raw capture leaves a disk that is nearly full to the records, and its older files as well", async () => {
  await using stack = new AsyncDisposableStack();
  const disk = stack.use(new MemoryFileSystem({ megabytes: 32 }));
  const fed = await FedSite.start({
    ports: 1,
    rate,
    logFolder: disk.join("log"),
    portKeys: { raw_capture: { max_mb: 1 } },
    logging: { max_size_mb: 0.05, max_backups: 1000 },
    journal: { min_free_mb: 8, memory_tail_mb: 4 },
    prepare: (site) => {
      Deno.mkdirSync(disk.join("log", "raw"), { recursive: true });
      for (const number of [1, 2]) {
        const name = `${site.channel(0)}.raw.${number}`;
        Deno.writeTextFileSync(disk.join("log", "raw", name), "");
      }
    },
  });
  stack.use(fed);
  const files = (): string[] =>
    Array.from(Deno.readDirSync(disk.join("log", "raw")), ({ name }) => name).sort();
  await waitFor("the raw files", () => files().length === 3, { timeoutMs: 20_000 });
  disk.fillTo(2 * megabyte);
  await fed.untilSaid("raw capture to");
  await waitFor("them to make way", () => files().length === 1, { timeoutMs: 30_000 });
  const file = disk.join("log", "raw", files()[0] ?? "");
  const { size } = Deno.statSync(file);
  await fed.untilDelivered("records from memory", 200);
  assert.equal(Deno.statSync(file).size, size, "nothing is written meanwhile");
  disk.free();
  await fed.untilSaid("raw capture goes on");
  await fed.untilDelivered("records after", 100);
  await fed.assertAllIsWell({ onDisk: false });
  const lines = rawLines(fed);
  assert.equal(readIn(lines).length + missingIn(lines), sentBy(fed).length);
});
