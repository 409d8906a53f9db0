import assert from "node:assert/strict";
import { FairnessSite } from "../support/fairness_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { waitFor } from "../support/wait_for.ts";

const recordsEach = 100;
const ports = 16;

requires(natsServer).test(
  "sixteen ports at full speed lose nothing beside one that sends garbage without end, and do not wait for it",
  async () => {
    await using site = await FairnessSite.start({ pattern: "garbage" });
    site.flood.start();
    await waitFor("the lines to have sent", () => site.sent >= ports * recordsEach, {
      timeoutMs: 20_000,
    });
    // The flood goes on meanwhile.
    await site.stopLines(20_000);
    assert.deepEqual(site.wrong, []);
    assert.equal(site.heard, site.sent);
    assert.ok(site.floodCaptured() > 0, "the flood is recorded, too");
  },
);
