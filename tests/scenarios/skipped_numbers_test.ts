// A start after which numbers go on further than the records do, as after a power cut, while the line
// is silent: delivery has nothing to wait for but the next record, and must not take the processor.

import assert from "node:assert/strict";
import { FedSite } from "../support/fed_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { waitFor } from "../support/wait_for.ts";

requires(natsServer).test(
  "numbers that were skipped over while the line is silent: the next record is captured and delivered",
  async () => {
    await using fed = await FedSite.start({ ports: 1 });
    await fed.untilDelivered("records before", 100);
    await fed.stopFeeding();
    await fed.untilDelivered("the last of them");
    await fed.site.collector.kill();
    const statePath = fed.site.folder.join("state", `${fed.site.channel(0)}.journal.json`);
    const state = JSON.parse(Deno.readTextFileSync(statePath));
    const nextSequence = state.nextSequence + 1000;
    Deno.writeTextFileSync(statePath, JSON.stringify({ ...state, nextSequence, closed: false }));
    await fed.site.collector.start();
    await fed.untilSaid("numbering starts a new epoch");
    const said = fed.site.collector.log.length;
    await fed.untilSaid("nats: delivering", said - 1);
    await fed.site.terminals[0]?.write(new TextEncoder().encode("the next one\r\n"));
    await waitFor("it in the log", () => fed.site.records(0).at(-1) === "the next one");
    assert.equal(await fed.site.collector.stop(), 0);
  },
);
