// A disk that takes two seconds for every sync, and one that does not answer for a while.

import assert from "node:assert/strict";
import { BreakingDisk, breakingDiskNeeds } from "../support/breaking_disk.ts";
import { FedSite } from "../support/fed_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { ReadingWatch } from "../support/reading_watch.ts";
import { requires } from "../support/requirements.ts";
import { strace, SystemCallFaults } from "../support/system_call_faults.ts";
import { waitFor } from "../support/wait_for.ts";

const syncMs = 2000;
/** Of the log behind the exchange. */
const mostLateMs = 500;
const slowProbes = 40;
const frozenMs = 5000;

requires(strace, natsServer).test(
  "syncs that take 2 s: four busy ports are read all the time, and their logs grow at once",
  async () => {
    await using fed = await FedSite.start({
      ports: 4,
      logging: { max_size_mb: 0.05, max_backups: 1000 },
    });
    await fed.untilDelivered("records before", 100);
    let latestMs = 0;
    {
      const inject = `fdatasync,fsync:delay_enter=${syncMs * 1000}`;
      await using faults = await SystemCallFaults.begin({ pid: fed.pid, inject });
      await waitFor("a slow sync", () => faults.injected > 0);
      const delayedBefore = faults.injected;
      using watch = new ReadingWatch(fed.site.terminals);
      for (const feed of fed.feeds) feed.longestWaitMs = 0;
      for (let probe = 0; probe < slowProbes; probe++) {
        latestMs = Math.max(
          latestMs,
          ...await Promise.all(fed.feeds.map((_, port) => lateMs(fed, port))),
        );
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      const waitedMs = Math.max(...fed.feeds.map(({ longestWaitMs }) => longestWaitMs));
      const delayed = faults.injected - delayedBefore;
      console.log(
        `${delayed} slow syncs: a port was not read for ${
          Math.round(watch.longestMs)
        } ms at most, ` +
          `an exchange waited ${Math.round(waitedMs)} ms, a log was ${
            Math.round(latestMs)
          } ms late`,
      );
      assert.ok(delayed >= 8, "syncs were slow");
      assert.ok(watch.longestMs < mostLateMs, "all ports are read all the time");
      assert.ok(waitedMs < mostLateMs, "no exchange has to wait");
    }
    assert.ok(latestMs < mostLateMs, "the logs grow at once");
    assert.ok(!fed.said.includes("in memory"), "the disk is slow, and works");
    await fed.assertAllIsWell();
    const logs = Array.from(Deno.readDirSync(fed.site.logFolder), ({ name }) => name);
    assert.ok(logs.filter((name) => /Z\.log$/.test(name)).length > 4, "logs were rotated");
  },
);

requires(...breakingDiskNeeds, natsServer).test(
  `a disk that hangs for ${frozenMs / 1000} s: nothing that the kernel could hold is missing`,
  async () => {
    await using stack = new AsyncDisposableStack();
    const disk = stack.use(new BreakingDisk());
    // What the kernel holds of a port, about 20,000 bytes, must do for the time.
    const rate = 30;
    const fed = await FedSite.start({ ports: 4, rate, logFolder: disk.join("log") });
    stack.use(fed);
    await fed.untilDelivered("records before", 10);
    using watch = new ReadingWatch(fed.site.terminals);
    const frozen = stack.use(disk.freeze());
    await new Promise((resolve) => setTimeout(resolve, frozenMs));
    frozen[Symbol.dispose]();
    await fed.untilDelivered("records after", 10);
    console.log(
      `the disk hung for ${frozenMs} ms: ports were not read for ${Math.round(watch.longestMs)} ms`,
    );
    assert.ok(watch.longestMs < frozenMs + 1000, "it goes on as soon as the disk does");
    await fed.assertAllIsWell();
  },
);

/** How long it takes until all that a port has sent by now stands in its logs. */
async function lateMs(fed: FedSite, port: number): Promise<number> {
  const begunMs = performance.now();
  const bytes = fed.sentLogBytes(port);
  await waitFor("the log to grow", () => fed.site.logBytes(port) >= bytes, { intervalMs: 5 });
  return performance.now() - begunMs;
}
