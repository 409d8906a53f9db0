// One channel's flood must not delay the records of the others on their way to the server.

import assert from "node:assert/strict";
import { DeliverySite } from "../support/delivery_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { readStream } from "../support/stream_contents.ts";

const others = ["A2", "A3", "A4", "A5"];
const flood = 6000;
const each = 500;
/** Read ahead at once. */
const batch = 64;

requires(natsServer).test(
  "a channel with a great backlog gets its share of the window, and the others theirs",
  async () => {
    await using site = await DeliverySite.open({ sides: ["A1", ...others] });
    for (const [i, fed] of site.journals.entries()) fed.feed(i === 0 ? flood : each);
    await Promise.all(site.journals.map(({ journal }) => journal.sync()));
    site.startSink();
    await site.caughtUp();
    const stored = await readStream(site.server.url, "cdr");
    const channels = stored.map(({ headers }) => headers["Nectar-Channel"] ?? "");
    const lastOther = channels.findLastIndex((name) => !name.endsWith("-A1"));
    const before = channels.slice(0, lastOther).filter((name) => name.endsWith("-A1")).length;
    assert.equal(stored.length, flood + others.length * each);
    // As many turns as each of them, and as many records in each, but for what it is ahead at the end.
    const share = each + 4 * batch;
    assert.ok(before <= share, `${before} of the flood's records went before them, not ${share}`);
  },
);
