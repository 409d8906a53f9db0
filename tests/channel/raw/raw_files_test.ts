import assert from "node:assert/strict";
import { RawFiles } from "../../../src/channel/raw/raw_files.ts";
import { systemRawDisk } from "../../../src/channel/raw/raw_disk.ts";
import { FailingRawDisk } from "../../support/failing_raw_disk.ts";
import { rawText } from "../../support/raw_lines.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

const channel = "1429010002-A1";

function open(folder: string, maxBytes: number, disk = systemRawDisk): RawFiles {
  return new RawFiles({ folder, channel, maxBytes, disk });
}

async function appendAll(files: RawFiles, lines: readonly string[]): Promise<void> {
  for (let rest = lines; rest.length > 0;) rest = rest.slice(await files.append(rest));
}

function numberedLines(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `line ${from + i} ${".".repeat(i % 40)}\n`);
}

function names(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

function bytesIn(folder: string): number {
  return names(folder).reduce((sum, name) => sum + Deno.statSync(`${folder}/${name}`).size, 0);
}

Deno.test("raw files rotate, never take more than they may, and keep the newest lines without a gap", async () => {
  using folder = new TemporaryFolder();
  const raw = folder.join("raw");
  const maxBytes = 5000;
  const files = open(raw, maxBytes);
  let all = "";
  for (let from = 0; from < 1000; from += 7) {
    const lines = numberedLines(from, 7);
    await appendAll(files, lines);
    all += lines.join("");
    assert.ok(bytesIn(raw) <= maxBytes, `${bytesIn(raw)} bytes`);
    const kept = rawText(raw, channel);
    assert.ok(all.endsWith(kept));
    assert.ok(kept.length > Math.min(all.length - 1, maxBytes / 2), `only ${kept.length} bytes`);
  }
  assert.deepEqual(names(raw), [
    `${channel}.raw`,
    ...[1, 2, 3, 4].map((number) => `${channel}.raw.${number}`),
  ]);
});

Deno.test("raw files are appended to at the next start, behind a line that a kill has torn", async () => {
  using folder = new TemporaryFolder();
  await appendAll(open(folder.path, 5000), ["one\n", "two\n"]);
  await appendAll(open(folder.path, 5000), ["three\n"]);
  Deno.writeTextFileSync(folder.join(`${channel}.raw`), "tor", { append: true });
  await appendAll(open(folder.path, 5000), ["four\n"]);
  assert.equal(rawText(folder.path, channel), "one\ntwo\nthree\ntor\nfour\n");
});

Deno.test("raw files that have less room than before make way, the oldest first, and no other's", async () => {
  using folder = new TemporaryFolder();
  const other = folder.join("1429010002-A11.raw.1");
  Deno.writeTextFileSync(other, "of another port\n".repeat(1000));
  await appendAll(open(folder.path, 5000), numberedLines(0, 200));
  await appendAll(open(folder.path, 1000), ["the last one\n"]);
  const own = names(folder.path).filter((name) => name.startsWith(`${channel}.raw`));
  const bytes = own.reduce((sum, name) => sum + Deno.statSync(folder.join(name)).size, 0);
  assert.ok(bytes <= 1000, `${bytes} bytes`);
  assert.ok(rawText(folder.path, channel).endsWith("the last one\n"));
  assert.equal(Deno.readTextFileSync(other).length, 16_000);
});

Deno.test("raw files: whichever call a rotation fails or is killed at, no line is lost but the oldest", async () => {
  const first = numberedLines(0, 200);
  const second = numberedLines(200, 60);
  let failed = 0;
  for (let call = 1;; call++) {
    using folder = new TemporaryFolder();
    await appendAll(open(folder.path, 5000), first);
    const disk = new FailingRawDisk();
    let count = 0;
    disk.before = () => {
      count += 1;
      if (count === call) throw new Error("refused");
    };
    const files = open(folder.path, 5000, disk);
    let rest: readonly string[] = second;
    let isDone = false;
    try {
      while (rest.length > 0) rest = rest.slice(await files.append(rest));
      isDone = count < call;
    } catch {
      failed += 1;
    }
    await appendAll(open(folder.path, 5000), rest);
    const kept = rawText(folder.path, channel);
    assert.ok([...first, ...second].join("").endsWith(kept), `call ${call}:\n${kept}`);
    assert.ok(kept.includes(second[0] ?? ""));
    assert.ok(bytesIn(folder.path) <= 5000);
    if (isDone) break;
  }
  assert.ok(failed > 10, `${failed} calls`);
});

Deno.test("raw files give way one by one, and the one that grows stays", async () => {
  using folder = new TemporaryFolder();
  const files = open(folder.path, 5000);
  await appendAll(files, numberedLines(0, 500));
  const before = names(folder.path);
  for (let left = before.length - 1; left > 0; left--) {
    assert.equal(await files.removeOldest(), true);
    assert.deepEqual(names(folder.path), before.slice(0, left));
  }
  assert.equal(await files.removeOldest(), false);
  assert.deepEqual(names(folder.path), [`${channel}.raw`]);
});

Deno.test("a full disk is told", async () => {
  await assert.rejects(
    systemRawDisk.append("/dev/full", new TextEncoder().encode("line\n")),
    /No space left on device/,
  );
});
