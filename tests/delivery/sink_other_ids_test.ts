import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { DeliverySite } from "../support/delivery_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { readStream } from "../support/stream_contents.ts";

const { test } = requires(natsServer);
const encoder = new TextEncoder();

/** Leaves of the journal the lines from `from` to before `to`, and nothing that knows their ids. */
function forgetIds(site: DeliverySite, from: number, to: number): void {
  const base = site.join(site.fed.journal.name);
  const lines = readFileSync(`${base}.log`, "utf8").split("\n").slice(from, to);
  writeFileSync(`${base}.log`, lines.map((line) => `${line}\n`).join(""), "utf8");
  for (const path of [`${base}.idx`, `${base}.json`]) rmSync(path);
}

async function delivered(site: DeliverySite): Promise<string[]> {
  site.startSink();
  await site.caughtUp();
  await site.stopSink();
  const messages = await readStream(site.server.url, "cdr");
  return messages.map(({ payload }) => new TextDecoder("latin1").decode(payload));
}

test("records that were delivered, and stand in the journal under other ids later, are not sent again", async () => {
  await using site = await DeliverySite.open();
  for (let call = 1; call <= 1500; call++) site.fed.feedLine(encoder.encode(`call ${call}`));
  const before = await delivered(site);
  assert.equal(before.length, 1500);
  await site.reopenJournals(() => forgetIds(site, 700, 900));
  assert.equal(site.fed.journal.lastSequence, 200);
  assert.deepEqual(await delivered(site), before);
  site.loseCursors();
  assert.deepEqual(await delivered(site), before, "without cursors");
  site.fed.feedLine(encoder.encode("the next call"));
  const after = await delivered(site);
  assert.deepEqual(after.slice(0, -1), before);
  assert.match(after.at(-1) ?? "", /the next call/);
  assert.deepEqual(await delivered(site), after, "once more");
});

test("a record with the same bytes as one that was delivered is sent all the same, once each", async () => {
  await using site = await DeliverySite.open();
  const line = encoder.encode("555-0142");
  // All of one millisecond, as when they come in one read.
  const fragments = Array.from({ length: 3 }, () => ({ bytes: line, end: "line_feed" as const }));
  site.fed.journal.append(fragments, Date.now());
  assert.equal((await delivered(site)).length, 3);
  await site.reopenJournals(() => {
    const log = site.join(`${site.fed.journal.name}.log`);
    const text = readFileSync(log, "utf8");
    writeFileSync(log, `${text}${text.split("\n")[0]}\n`, "utf8");
    forgetIds(site, 0, 4);
  });
  assert.equal((await delivered(site)).length, 4);
});
