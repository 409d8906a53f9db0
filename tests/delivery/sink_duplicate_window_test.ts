// Outages that last longer than the server remembers message ids: only the comparison with the stream
// keeps what it has from being sent again. `ROUNDS=300` makes so many outages.

import assert from "node:assert/strict";
import { Random } from "../../src/simulate/random.ts";
import { natsServer } from "../support/nats_program.ts";
import { ProxiedSite } from "../support/proxied_site.ts";
import { requires } from "../support/requirements.ts";
import { rounds } from "../support/rounds.ts";
import { seeds } from "../support/seeds.ts";
import { manage, messageCount } from "../support/stream_contents.ts";
import { denoForProxy } from "../support/tcp_proxy.ts";
import { waitFor } from "../support/wait_for.ts";

const { test } = requires(denoForProxy, natsServer);
/** A box lives through so many outages. */
const outagesPerBox = 20;

/** Delivers into a stream that forgets ids after so long, through so many outages; how many records were in doubt. */
async function live(windowMs: number, outages: number, random: Random): Promise<number> {
  await using proxied = await ProxiedSite.open();
  const { site, proxy } = proxied;
  const { url } = site.server;
  await manage(url, async (manager) => {
    const duplicate_window = windowMs * 1_000_000;
    await manager.streams.add({ name: "cdr", subjects: ["ks.cdr.>"], duplicate_window });
  });
  await proxied.deliver(random.integer(1, 50));
  let inDoubt = 0;
  for (let outage = 0; outage < outages; outage++) {
    const before = await messageCount(url, "cdr");
    proxy.toClient.swallow();
    site.fed.feed(random.integer(1, 400));
    await site.fed.journal.sync();
    await waitFor(
      "records without acknowledgement",
      async () => await messageCount(url, "cdr") > before,
    );
    proxy.refuse();
    proxy.cut(random.pick(["end", "reset"] as const));
    await new Promise((resolve) => setTimeout(resolve, windowMs * (1.1 + random.next())));
    inDoubt += await messageCount(url, "cdr") - before;
    site.fed.feed(random.integer(0, 50));
    await proxy.heal();
    await site.caughtUp(30_000);
  }
  await site.assertDelivered();
  return inDoubt;
}

test("an outage longer than the duplicate window brings nothing twice", async () => {
  const [seed = 0] = seeds();
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  let [done, inDoubt] = [0, 0];
  while (done < rounds(2)) {
    const outages = Math.min(outagesPerBox, rounds(2) - done);
    inDoubt += await live(
      random.integer(100, outages < outagesPerBox ? 200 : 1000),
      outages,
      random,
    );
    done += outages;
  }
  assert.ok(inDoubt > 0);
  console.log(
    `${done} outages longer than the duplicate window: ${inDoubt} records were stored and not ` +
      "acknowledged, none is there twice",
  );
});
