import assert from "node:assert/strict";
import { systemDisk } from "../../src/platform/disk.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { RunMark } from "../../src/telemetry/run_mark.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { HandClock } from "../support/hand_clock.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";

class Bench implements Disposable {
  readonly folder = new TemporaryFolder();
  readonly clock = new HandClock();
  readonly notices: Notice[] = [];

  get kinds(): string[] {
    return this.notices.map(({ kind }) => kind);
  }

  start(disk = systemDisk): Promise<RunMark> {
    return RunMark.set({
      disk,
      clock: this.clock,
      statePath: this.folder.path,
      report: (notice) => this.notices.push(notice),
    });
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

Deno.test("RunMark: a run that ended without a stop is told at the next start, and until when it was alive", async () => {
  using bench = new Bench();
  bench.clock.step(Date.UTC(2025, 11, 3));
  await bench.start();
  assert.deepEqual(bench.kinds, []);
  for (let minute = 0; minute < 3; minute++) {
    await bench.clock.advance(60_000);
    await waitFor("the mark to be written", () => bench.clock.waiting > 0);
  }
  await bench.clock.advance(59_000);
  await bench.start();
  assert.deepEqual(bench.kinds, ["unclean_shutdown"]);
  const [told] = bench.notices;
  const startedMs = Date.UTC(2025, 11, 3);
  assert.deepEqual(told?.details, { pid: Deno.pid, startedMs, aliveMs: startedMs + 180_000 });
  assert.match(told.message, /last known alive 2025-12-03T00:03:00\.000Z$/);
});

Deno.test("RunMark: a run that was stopped leaves nothing to tell, and nothing is written after it", async () => {
  using bench = new Bench();
  const mark = await bench.start();
  await bench.clock.advance(60_000);
  await mark.clear();
  assert.equal(bench.clock.waiting, 0);
  await bench.start();
  assert.deepEqual(bench.kinds, []);
});

Deno.test("RunMark: a mark of an earlier version, without a time, is told all the same", async () => {
  using bench = new Bench();
  const startedMs = Date.UTC(2025, 0, 1);
  Deno.writeTextFileSync(
    bench.folder.join("running.json"),
    JSON.stringify({ pid: 7, startedMs }),
  );
  await bench.start();
  assert.deepEqual(bench.notices.map(({ details }) => details), [
    { pid: 7, startedMs, aliveMs: startedMs },
  ]);
});

Deno.test("RunMark: a disk that refuses is told once, until it has taken the mark", async () => {
  using bench = new Bench();
  const disk = new FailingDisk();
  disk.before = () => {
    throw new Error("refused");
  };
  const mark = await bench.start(disk);
  await bench.clock.advance(180_000);
  assert.deepEqual(bench.kinds, ["state_not_saved"]);
  disk.heal();
  await mark.clear();
});
