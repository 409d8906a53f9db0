import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { DeliverySite } from "../support/delivery_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { readStream } from "../support/stream_contents.ts";

const { test } = requires(natsServer);

/** Compares with the stream, feeds and delivers so many calls, and lets go of it. */
async function deliver(site: DeliverySite, first: number, count: number): Promise<void> {
  const encoder = new TextEncoder();
  site.startSink();
  await site.caughtUp();
  for (let i = 0; i < count; i++) site.fed.feedLine(encoder.encode(`call ${first + i}`));
  await site.caughtUp();
  await site.stopSink();
}

/** What belongs to the box, and not to the server. */
function boxFiles(site: DeliverySite): string[] {
  return readdirSync(site.join(), { withFileTypes: true })
    .filter((entry) => entry.isFile()).map(({ name }) => name);
}

for (const withCursors of [true, false]) {
  const cursors = withCursors ? "with" : "without";
  test(`a box restored from an older image, ${cursors} its cursors: no new record is taken for an old one`, async () => {
    await using site = await DeliverySite.open();
    await deliver(site, 1, 100);
    let image: string[] = [];
    await site.reopenJournals(() => {
      image = boxFiles(site);
      mkdirSync(site.join("image"));
      for (const name of image) copyFileSync(site.join(name), site.join("image", name));
    });
    await deliver(site, 101, 50);
    await site.reopenJournals(() => {
      for (const name of boxFiles(site)) rmSync(site.join(name));
      for (const name of image) copyFileSync(site.join("image", name), site.join(name));
      if (!withCursors) site.loseCursors();
    });
    assert.equal(site.fed.journal.lastSequence, 100);
    await deliver(site, 201, 30);
    await deliver(site, 301, 30);
    const stored = await readStream(site.server.url, "cdr");
    const calls = stored.map(({ payload }) => /call (\d+)/.exec(new TextDecoder().decode(payload)));
    const range = (from: number, count: number): string[] =>
      Array.from({ length: count }, (_, i) => String(from + i));
    const wanted = [...range(1, 150), ...range(201, 30), ...range(301, 30)];
    assert.deepEqual(calls.map((match) => match?.[1]), wanted);
  });
}
