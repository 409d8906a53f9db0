import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { constants, gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { compressLog, decompressLog, type UnpackedLog } from "../../src/journal/compression.ts";
import type { AppendFile, ReadFile } from "../../src/platform/disk.ts";
import { bytesOf, feed, JournalBox, plain, readAll } from "../support/journal_box.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { seeds } from "../support/seeds.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";

const strategies = [
  constants.Z_DEFAULT_STRATEGY,
  constants.Z_FIXED,
  constants.Z_HUFFMAN_ONLY,
  constants.Z_RLE,
];

interface Unpacked extends UnpackedLog {
  readonly log: Uint8Array;
  readonly files: readonly string[];
}

async function unpack(packed: Uint8Array): Promise<Unpacked> {
  const disk = new MemoryDisk();
  disk.write("/logs/j.log.gz", packed);
  const unpacked = await decompressLog(disk, "/logs/j");
  const log = disk.bytes("/logs/j.log");
  assert.equal(unpacked.bytes, log.length);
  return { ...unpacked, log, files: disk.paths() };
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function same(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

/** Something like a log: lines that repeat much of each other, and bytes that do not. */
function logOf(lines: number, noise: Uint8Array): Uint8Array {
  const texts = Array.from({ length: lines }, (_, i) => `[1429010002][A1] record ${i * i}\n`);
  return joined(bytesOf(texts.join("")), noise, bytesOf(texts.slice(0, 5).join("")));
}

const original = fc.tuple(fc.nat(60), fc.uint8Array({ maxLength: 600 }))
  .map(([lines, noise]) => logOf(lines + 1, noise));
const options = fc.record({
  level: fc.constantFrom(0, 1, 6, 9),
  strategy: fc.constantFrom(...strategies),
});

/** How much of `log` a decoder that knows only the first bytes of `packed` can know. */
function readable(packed: Uint8Array): number {
  if (packed.length < 11) return 0;
  return gunzipSync(packed, { finishFlush: constants.Z_SYNC_FLUSH }).length;
}

function commonLength(left: Uint8Array, right: Uint8Array): number {
  const differs = left.findIndex((byte, i) => byte !== right[i]);
  return differs < 0 ? left.length : differs;
}

for (const seed of seeds()) {
  const settings = { seed, numRuns: 2500 };

  Deno.test(`a packed log cut at any byte gives all that was packed before (SEED=${seed})`, async () => {
    const cut = fc.tuple(original, options, fc.nat());
    await fc.assert(
      fc.asyncProperty(cut, async ([log, how, place]) => {
        const packed = new Uint8Array(gzipSync(log, how));
        const part = packed.subarray(0, place % packed.length);
        const unpacked = await unpack(part);
        assert.notEqual(unpacked.damage, null);
        assert.ok(same(unpacked.log, log.subarray(0, readable(part))));
        assert.deepEqual(unpacked.files, ["/logs/j.log", "/logs/j.log.gz.quarantine"]);
      }),
      settings,
    );
  });

  Deno.test(`a packed log with a flipped bit gives all that was packed before it, or says nothing and is whole (SEED=${seed})`, async () => {
    const flip = fc.tuple(original, options, fc.nat(), fc.nat(7));
    await fc.assert(
      fc.asyncProperty(flip, async ([log, how, place, bit]) => {
        const packed = new Uint8Array(gzipSync(log, how));
        const at = place % packed.length;
        const before = at < 10 ? 0 : readable(packed.subarray(0, at));
        packed[at] = (packed[at] ?? 0) ^ 1 << bit;
        const { log: found, damage } = await unpack(packed);
        assert.ok(commonLength(found, log) >= before);
        if (damage === null) assert.ok(same(found, log));
      }),
      settings,
    );
  });

  Deno.test(`bytes behind a packed log cost nothing of it (SEED=${seed})`, async () => {
    const notMagic = fc.uint8Array({ minLength: 1, maxLength: 50 })
      .filter((junk) => junk[0] !== 0x1f);
    const junk = fc.oneof(notMagic, fc.nat(99).map((length) => new Uint8Array(length + 1)));
    await fc.assert(
      fc.asyncProperty(fc.tuple(original, options, junk), async ([log, how, junk]) => {
        const unpacked = await unpack(joined(new Uint8Array(gzipSync(log, how)), junk));
        assert.ok(same(unpacked.log, log));
      }),
      settings,
    );
  });

  Deno.test(`of several members the whole ones are read, and the damaged one as far as it goes (SEED=${seed})`, async () => {
    const members = fc.tuple(fc.array(original, { minLength: 2, maxLength: 4 }), options, fc.nat());
    await fc.assert(
      fc.asyncProperty(members, async ([logs, how, place]) => {
        const parts = logs.map((log) => new Uint8Array(gzipSync(log, how)));
        const packed = joined(...parts);
        const whole = await unpack(packed);
        assert.ok(same(whole.log, joined(...logs)));
        assert.equal(whole.damage, null);
        const first = parts[0]?.length ?? 0;
        const length = first + place % (packed.length - first);
        const { log } = await unpack(packed.subarray(0, length));
        assert.ok(log.length >= (logs[0]?.length ?? 0));
        assert.ok(same(log, joined(...logs).subarray(0, log.length)));
      }),
      settings,
    );
  });
}

Deno.test("what is packed can be read by gzip, and what gzip packed can be unpacked", async () => {
  using folder = new TemporaryFolder("compression");
  const gzip = async (file: string, ...flags: string[]): Promise<Uint8Array> => {
    const { code, stdout } = await new Deno.Command("gzip", { args: [...flags, "-c", file] })
      .output();
    assert.equal(code, 0);
    return stdout;
  };
  const log = logOf(5000, new Uint8Array(100_000).map((_, i) => i * 31 >> 3));
  const disk = new MemoryDisk();
  disk.write("/logs/j.log", log);
  await compressLog(disk, "/logs/j");
  assert.deepEqual(disk.paths(), ["/logs/j.log.gz"]);
  Deno.writeFileSync(folder.join("ours.gz"), disk.bytes("/logs/j.log.gz"));
  assert.ok(same(await gzip(folder.join("ours.gz"), "-d"), log));
  Deno.writeFileSync(folder.join("theirs"), log);
  const theirs = await gzip(folder.join("theirs"), "-9");
  for (const packed of [theirs, joined(theirs, Uint8Array.of(0, 0))]) {
    assert.ok(same((await unpack(packed)).log, log));
  }
  const twice = await unpack(joined(theirs, theirs));
  assert.deepEqual([twice.damage, twice.bytes], [null, 2 * log.length]);
});

/** Gives only half of the log when it is read for the first time. */
class ShortDisk extends MemoryDisk {
  #short = true;

  override read(path: string): ReadFile {
    const file = super.read(path);
    if (!path.endsWith(".log") || !this.#short) return file;
    this.#short = false;
    return { ...file, size: () => file.size() >> 1 };
  }
}

Deno.test("a log stays when not all of it was packed", async () => {
  const disk = new ShortDisk();
  disk.write("/logs/j.log", logOf(50, new Uint8Array(0)));
  await assert.rejects(compressLog(disk, "/logs/j"), /read back: \d+ of \d+ bytes/);
  assert.deepEqual(disk.paths(), ["/logs/j.log"]);
});

/** Changes a bit of what it is given, somewhere behind a gzip header. */
class LyingDisk extends MemoryDisk {
  override append(path: string): AppendFile {
    const file = super.append(path);
    if (!path.endsWith(".gz.tmp")) return file;
    return {
      ...file,
      append: (bytes) => {
        const at = bytes.length >> 1;
        return file.append(bytes.length < 30 ? bytes : bytes.with(at, (bytes[at] ?? 0) ^ 4));
      },
    };
  }
}

Deno.test("a log stays when what was packed cannot be read back", async () => {
  const disk = new LyingDisk();
  const log = logOf(50, new Uint8Array(200).map((_, i) => i * 31));
  disk.write("/logs/j.log", log);
  await assert.rejects(compressLog(disk, "/logs/j"), /pack \/logs\/j.log: read back: /);
  assert.deepEqual(disk.paths(), ["/logs/j.log"]);
  assert.ok(same(disk.bytes("/logs/j.log"), log));
});

/** A stopped box in segments of one packed log with 40 records and an active one, and its base. */
async function packedBox(): Promise<{ readonly box: JournalBox; readonly base: string }> {
  const box = new JournalBox();
  await using journal = await box.open({ compress: true, maxSegmentBytes: 2000 });
  for (let i = 1; i <= 41; i++) feed(journal, `record ${i} ${i ** 9}\n`);
  await journal.sync();
  const [base] = box.rotated();
  assert.ok(base !== undefined);
  journal.shelf.release("sink", journal.lastSequence);
  await waitFor("packing", () => box.files().includes(`${base}.log.gz`));
  return { box, base };
}

Deno.test("a reader that goes back to a damaged packed log gets what is left, and the exact loss is told", async () => {
  const { box, base } = await packedBox();
  using _box = box;
  const packed = box.bytes(`${base}.log.gz`);
  let losses = 0;
  for (let length = 0; length < packed.length; length += 37) {
    using cut = box.copy();
    cut.write(`${base}.log.gz`, packed.subarray(0, length));
    await using journal = await cut.open();
    const { records, unreadable } = await readAll(journal);
    const lost = cut.notices.filter(({ kind }) => kind === "unreadable_records");
    const range = lost[0]?.details;
    const from = Number(range?.["from"] ?? 41);
    const to = Number(range?.["to"] ?? 40);
    const passed = unreadable.reduce((sum, each) => sum + each.to - each.from + 1, 0);
    assert.deepEqual([unreadable[0]?.from, unreadable.at(-1)?.to], [
      range?.["from"],
      range?.["to"],
    ]);
    assert.equal(passed, to - from + 1, `${length} bytes`);
    assert.deepEqual(
      records.map(({ sequence }) => sequence),
      Array.from({ length: 41 }, (_, i) => i + 1)
        .filter((n) => n < from || n > to),
    );
    for (const record of records) {
      const n = record.sequence;
      assert.equal(plain(record).text, `record ${n} ${n ** 9}`);
    }
    assert.ok(cut.complaints().includes("packed_log_damaged"));
    assert.ok(same(cut.bytes(`${base}.log.gz.quarantine`), packed.subarray(0, length)));
    losses = Math.max(losses, lost.length);
  }
  assert.equal(losses, 1);
});

Deno.test("junk behind a packed log loses nothing", async () => {
  const { box, base } = await packedBox();
  using _box = box;
  box.write(`${base}.log.gz`, joined(box.bytes(`${base}.log.gz`), bytesOf("junk")));
  await using journal = await box.open();
  const { records, unreadable } = await readAll(journal);
  assert.deepEqual([records.length, unreadable.length], [41, 0]);
});
