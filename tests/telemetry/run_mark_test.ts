import assert from "node:assert/strict";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { RunMark } from "../../src/telemetry/run_mark.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

async function start(statePath: string): Promise<{ mark: RunMark; kinds: string[] }> {
  const notices: Notice[] = [];
  const report = (notice: Notice): void => void notices.push(notice);
  const mark = await RunMark.set({ disk: systemDisk, clock: systemClock, statePath, report });
  return { mark, kinds: notices.map(({ kind }) => kind) };
}

Deno.test("RunMark: a run that ended without a stop is reported at the next start", async () => {
  using folder = new TemporaryFolder();
  assert.deepEqual((await start(folder.path)).kinds, []);
  assert.deepEqual((await start(folder.path)).kinds, ["unclean_shutdown"]);
});

Deno.test("RunMark: a run that was stopped leaves nothing to report", async () => {
  using folder = new TemporaryFolder();
  const { mark } = await start(folder.path);
  mark.clear();
  assert.deepEqual((await start(folder.path)).kinds, []);
});
