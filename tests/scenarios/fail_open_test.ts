import assert from "node:assert/strict";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { latin1, Site } from "../support/site.ts";
import { messageCount, readStream } from "../support/stream_contents.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitForValue } from "../support/wait_for.ts";

/** Files so small that retention would delete all but the newest, if nobody needed them. */
const logging = { max_size_mb: 0.002, max_backups: 1 };
const count = 150;
const lines = Array.from({ length: count }, (_, i) => `record ${i} of a call to 555-0100`);

function config(site: Site): string {
  return site.folder.join("config.json");
}

/** Replaces `good` by `bad` in the site's configuration; returns what undoes it. */
function breakConfig(site: Site, good: string, bad: string): () => void {
  const text = Deno.readTextFileSync(config(site));
  assert.ok(text.includes(good), `${good} in ${text}`);
  Deno.writeTextFileSync(config(site), text.replace(good, bad));
  return () => Deno.writeTextFileSync(config(site), text);
}

/** A few at a time: what is read at once goes to one file. */
async function capture(site: Site, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 10) {
    const some = lines.slice(at, Math.min(at + 10, to));
    await site.terminals[0]?.write(
      new TextEncoder().encode(some.map((line) => `${line}\r\n`).join("")),
    );
    const newest = `${some.at(-1)}\n`;
    await waitForValue("capture", () => site.logText(0), (log) => log.endsWith(newest));
  }
}

/** Waits until the stream holds so many messages, and not one more; returns their payloads. */
async function delivered(url: string, stream: string, wanted: number): Promise<string> {
  const messages = (): Promise<number> => messageCount(url, stream).catch(() => 0);
  await waitForValue("delivery", messages, (found) => found >= wanted, { timeoutMs: 20_000 });
  const stored = await readStream(url, stream);
  assert.equal(stored.length, wanted, "each once");
  return stored.map(({ payload }) => latin1(payload)).join("");
}

requires(natsServer).test(
  "a section nats that does not check stops no capture; mended, it gets every record once",
  async () => {
    await using site = new Site({ ports: 1, logging });
    await using server = await NatsServer.start({
      program: natsProgram,
      storeFolder: site.folder.join("nats"),
    });
    site.useServer(server.url);
    const mend = breakConfig(site, '"subject_prefix"', '"subject_perfix"');
    for (const [from, to] of [[0, 80], [80, count]] as const) {
      const said = site.collector.log.length;
      await site.collector.start();
      await capture(site, from, to);
      assert.equal(await site.collector.stop(), 0);
      const told = site.collector.log.slice(said).join("\n");
      assert.match(told, /running without nats: .*config\.json:1:\d+: .*"subject_perfix".*\n {4}→/);
    }
    assert.deepEqual(site.records(0), lines, "all are kept for a sink that is named nats");
    const before = site.logText(0);
    mend();
    await site.collector.start();
    assert.equal(await delivered(server.url, "cdr", count), before);
    assert.equal(await site.collector.stop(), 0);
  },
);

requires(natsServer).test(
  "a forwarder that does not check keeps its place: mended, it goes on where it stood",
  async () => {
    using folder = new TemporaryFolder();
    const program = natsProgram;
    await using local = await NatsServer.start({ program, storeFolder: folder.join("local") });
    await using hub = await NatsServer.start({ program, storeFolder: folder.join("hub") });
    await using site = new Site({
      ports: 1,
      logging,
      forwarder: { enabled: true, remote_url: hub.url, remote_subject: "ut.cdr.hub" },
    });
    site.useServer(local.url);
    await site.collector.start();
    await capture(site, 0, 50);
    const atHub = await delivered(hub.url, "cdr", 50);
    assert.equal(await site.collector.stop(), 0);

    const mend = breakConfig(site, '"remote_subject":"ut.cdr.hub"', '"remote_subject":"ut cdr"');
    await site.collector.start();
    await capture(site, 50, count);
    const atLocal = await delivered(local.url, "cdr", count);
    assert.equal(await site.collector.stop(), 0);
    assert.match(site.collector.log.join("\n"), /running without forwarder: .*remote_subject/);
    assert.deepEqual(site.records(0).slice(-100), lines.slice(50), "kept for the forwarder");
    assert.ok(site.records(0).length < count, "what it has passed may go");
    assert.equal(await messageCount(hub.url, "cdr"), 50);
    const events = (await readStream(local.url, "events")).map(({ payload }) => latin1(payload));
    assert.ok(events.some((event) => event.includes('"type":"section_broken"')), "told at once");

    mend();
    await site.collector.start();
    const all = await delivered(hub.url, "cdr", count);
    assert.equal(await site.collector.stop(), 0);
    assert.ok(all.startsWith(atHub));
    assert.equal(all, atLocal);
  },
);
