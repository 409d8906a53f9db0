// A server whose max_payload is lowered and raised again while records come in. `ROUNDS=50` does it so
// many times.

import assert from "node:assert/strict";
import { Random } from "../../src/simulate/random.ts";
import { DeliverySite } from "../support/delivery_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { rounds } from "../support/rounds.ts";
import { seeds } from "../support/seeds.ts";

const lowered = "max_payload: 1KB";
const raised = "max_payload: 64KB";

requires(natsServer).test(
  "max_payload lowered while records come in: what is too large is set aside once, the rest keeps its order",
  async () => {
    const [seed = 0] = seeds();
    console.log(`SEED=${seed}`);
    const random = new Random(seed);
    await using site = await DeliverySite.open({ server: { configuration: raised } });
    const { fed, server } = site;
    const setAside: number[] = [];
    site.startSink();
    const feed = (isTooLarge: boolean): void => {
      fed.feed(random.integer(0, 40));
      fed.feedLine(new Uint8Array(random.integer(2000, 9000)).fill(0x41));
      if (isTooLarge) setAside.push(fed.journal.lastSequence);
      fed.feed(random.integer(0, 40));
    };
    for (let round = 0; round < rounds(3); round++) {
      feed(false);
      await site.caughtUp();
      await server.reload(lowered);
      for (let i = random.integer(1, 5); i > 0; i--) feed(true);
      await site.caughtUp();
      await server.reload(raised);
      // A connection that was not told of the new limit keeps to the old one.
      await site.stopSink();
      site.startSink();
    }
    feed(false);
    await site.caughtUp();
    await site.assertDelivered(setAside);
    const told = site.notices.filter(({ kind }) => kind === "rejected_record");
    assert.deepEqual(told.map(({ details }) => details?.["sequence"]), setAside);
    console.log(
      `${
        rounds(3)
      } times max_payload was lowered: ${setAside.length} records set aside and told, ` +
        "all others there in order",
    );
  },
);
