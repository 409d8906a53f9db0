// A box without a battery for its clock: it starts in 1970, finds its time server, is set back by an
// hour, and starts in 1970 again after its power was cut.

import assert from "node:assert/strict";
import { FedSite } from "../support/fed_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { WallClock } from "../support/wall_clock.ts";

const hourMs = 3_600_000;
const bootMs = Date.UTC(1970, 0, 1, 0, 1);
const dayMs = Date.UTC(2025, 11, 3, 15, 4);

requires(natsServer).test(
  "whatever the clock does, records are captured and delivered once, in order; each step is told once",
  async () => {
    using clock = new WallClock();
    clock.set(bootMs, undefined);
    await using fed = await FedSite.start({
      ports: 2,
      logging: { max_size_mb: 0.02, max_backups: 1000 },
      ...clock.collector,
    });
    const steps = (): readonly string[] =>
      fed.site.collector.log.filter((line) => line.includes("the clock was set"));
    const step = async (wallMs: number, words: string): Promise<void> => {
      const from = fed.site.collector.log.length;
      clock.set(wallMs, fed.pid);
      await fed.untilSaid(words, from);
      await fed.untilDelivered(`records after: ${words}`, 50);
    };
    await fed.untilDelivered("records of 1970", 50);
    await step(dayMs, "the clock was set forward by 55 years");
    await step(clock.nowMs - hourMs, "the clock was set back by 60 minutes");
    await fed.site.collector.kill();
    clock.set(bootMs, undefined);
    await fed.site.collector.start();
    await fed.untilDelivered("records of 1970 again", 50);
    await step(dayMs + hourMs, "the clock was set forward by 55 years");
    await fed.assertAllIsWell();
    assert.deepEqual([fed.losses(0), fed.losses(1)], [[], []]);
    assert.equal(steps().length, 3, steps().join("\n"));
    const beats = Deno.readTextFileSync(`${fed.site.logFolder}/health.log`).trimEnd().split("\n")
      .map((line) => JSON.parse(line));
    assert.equal(beats.length, 2, "one at each start: no minute has passed");
    assert.ok(beats.every(({ uptime_sec }) => uptime_sec < 60));
    const unclean = fed.site.collector.log.filter((line) => line.includes("ended without a stop"));
    assert.equal(unclean.length, 1);
  },
);
