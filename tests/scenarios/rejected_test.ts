import assert from "node:assert/strict";
import { natsServer } from "../support/nats_program.ts";
import { RejectedSite } from "../support/rejected_site.ts";
import { requires } from "../support/requirements.ts";
import { waitForValue } from "../support/wait_for.ts";

/** Each takes a tenth of a second; `deno task soak:rejected` goes on for hours. */
const attempts = 60;

/** What the collector may need above what it needs idle. */
const allowedMb = 32;

requires(natsServer).test(
  "a collector that is rejected again and again lives and captures; let in, it delivers everything once",
  async () => {
    await using site = await RejectedSite.start({ rate: 200, pauseMs: 100 });
    const before = site.residentMb;
    const connections = await site.connections();
    await waitForValue(
      "so many connections that are rejected",
      () => site.connections(),
      (count) => count >= connections + attempts,
      { timeoutMs: 60_000, intervalMs: 100 },
    );
    const grown = site.residentMb - before;
    assert.ok(grown < allowedMb, `grew by ${grown.toFixed(1)} MB`);
    assert.equal(site.strayErrors, 0);
    site.admit();
    await site.fed.assertAllIsWell({ timeoutMs: 60_000 });
  },
);

requires(natsServer).test(
  "at SIGHUP a collector that waits for its next attempt makes it, and goes on capturing",
  async () => {
    await using site = await RejectedSite.start({ rate: 200, pauseMs: 3_600_000 });
    const connections = await site.connections();
    // By themselves the pauses double, and there are not so many attempts in that time.
    await waitForValue(
      "attempts at every SIGHUP",
      () => {
        Deno.kill(site.fed.pid, "SIGHUP");
        return site.connections();
      },
      (count) => count >= connections + 20,
      { timeoutMs: 3000, intervalMs: 50 },
    );
    await site.fed.untilSaid("SIGHUP received");
    site.admit();
    await site.fed.assertAllIsWell();
  },
);
