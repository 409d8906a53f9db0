import assert from "node:assert/strict";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { latin1, Site } from "../support/site.ts";
import {
  manage,
  messageCount,
  readStream,
  type StoredMessage,
} from "../support/stream_contents.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

interface Told {
  readonly ts: string;
  readonly type: string;
  readonly ch?: string;
  readonly dev?: string;
  readonly details: Readonly<Record<string, unknown>>;
}

interface Beat {
  readonly ts: string;
  readonly v: number;
  readonly nats_connected: boolean;
  readonly conditions: readonly string[];
  readonly channels: readonly { readonly a: string; readonly state: string }[];
}

function parsed<Value>(stored: readonly StoredMessage[]): Value[] {
  return stored.map(({ payload }) => JSON.parse(latin1(payload)));
}

/** What a journal of the service about itself holds, as text. */
function journalText(site: Site, name: string): string {
  return Deno.readTextFileSync(`${site.logFolder}/${name}.log`);
}

/** Waits until so many heartbeats, one a start, are in the journal. */
async function beaten(site: Site, wanted: number): Promise<void> {
  await waitForValue(
    `heartbeat ${wanted}`,
    () => journalText(site, "health"),
    (text) => text.split("\n").length - 1 === wanted,
  );
}

/** Waits until the stream holds what the journal holds, and asserts that it does, in order, once. */
async function assertAll(site: Site, url: string, name: string): Promise<StoredMessage[]> {
  const count = (): number => journalText(site, name).split("\n").length - 1;
  await waitForValue(
    `all ${name} in the stream`,
    async () => [await messageCount(url, name).catch(() => 0), count()] as const,
    ([stored, journaled]) => stored >= journaled,
    { timeoutMs: 20_000 },
  );
  const stored = await readStream(url, name);
  const text = stored.map(({ payload }) => latin1(payload)).join("");
  assert.ok(journalText(site, name).startsWith(text), "as in the journal, once, in order");
  assert.ok(stored.every(({ subject }) => subject === `ut.${name}.test-site`));
  return stored;
}

/** Positions at which `wanted` types follow each other in `events`. */
function assertInOrder(events: readonly Told[], wanted: readonly string[]): void {
  let next = 0;
  for (const { type } of events) if (type === wanted[next]) next += 1;
  const types = events.map(({ type }) => type).join(" ");
  assert.equal(next, wanted.length, `${wanted[next]} is missing in: ${types}`);
}

requires(natsServer).test(
  "what happened while NATS was away is told when it is back: every event and heartbeat, once, in order",
  async () => {
    await using site = new Site({ ports: 1 });
    await using server = await NatsServer.start({
      program: natsProgram,
      storeFolder: site.folder.join("nats"),
    });
    site.useServer(server.url);
    await server.stop();

    await site.collector.start();
    await waitFor("the port", () => journalText(site, "events").includes("source_opened"));
    await site.terminals[0]?.write(new TextEncoder().encode("a record\r\n"));
    await waitFor("the record", () => site.records(0).length === 1);
    site.terminals[0]?.unplug();
    await waitFor("the unplugging", () => journalText(site, "events").includes("source_gone"));
    site.plug(0);
    await waitFor(
      "the port's return",
      () => journalText(site, "events").includes('"type":"reconnect"'),
    );
    assert.equal(await site.collector.stop(), 0);
    await site.collector.start();
    await beaten(site, 2);
    await site.collector.kill();

    await server.restart();
    await site.collector.start();
    await beaten(site, 3);
    const stored = await assertAll(site, server.url, "events");
    const events = parsed<Told>(stored);
    const beats = parsed<Beat>(await assertAll(site, server.url, "health"));
    await waitFor("the record", async () => await messageCount(server.url, "cdr") === 1);

    assertInOrder(events, [
      "source_opened",
      "service_start",
      "source_gone",
      "reconnect",
      "stopping",
      "service_stop",
      "service_start",
      "unclean_shutdown",
      "service_start",
    ]);
    const gone = events.find(({ type }) => type === "source_gone");
    assert.deepEqual([gone?.ch, gone?.dev], [site.channel(0), site.device(0)]);
    assert.equal(gone?.details["level"], "warning");
    const unclean = events.find(({ type }) => type === "unclean_shutdown");
    assert.equal(typeof unclean?.details["pid"], "number");
    assert.equal(typeof unclean?.details["aliveMs"], "number");
    const states = events.filter(({ type }) => type === "state_change")
      .map(({ details: { from, to } }) => `${from} → ${to}`);
    assert.deepEqual(states.slice(0, 4), [
      "starting → running",
      "running → reconnecting",
      "reconnecting → running",
      "running → stopped",
    ]);
    assert.equal(new Set(stored.map(({ id }) => id)).size, stored.length);

    assert.equal(beats.length, 3, "one at each start");
    assert.deepEqual(beats.map(({ v, nats_connected }) => [v, nats_connected]), [
      [1, false],
      [1, false],
      [1, false],
    ]);
    assert.equal(beats[0]?.channels[0]?.a, "A1");
    assert.equal(await site.collector.stop(), 0);
    const last = parsed<Told>(await readStream(server.url, "events"));
    assert.ok(
      last.some(({ type }, i) => type === "stopping" && i >= events.length),
      "told at once",
    );
  },
);

requires(natsServer).test(
  "with a prefix without a dot records, events and heartbeats share a stream, and none is missing",
  async () => {
    await using site = new Site({ ports: 1 });
    await using server = await NatsServer.start({
      program: natsProgram,
      storeFolder: site.folder.join("nats"),
    });
    site.useServer(server.url);
    const config = site.folder.join("config.json");
    Deno.writeTextFileSync(config, Deno.readTextFileSync(config).replace("ut.cdr", "serial"));
    await site.collector.start();
    const count = 200;
    const lines = Array.from({ length: count }, (_, i) => `record ${i}\r\n`).join("");
    await site.terminals[0]?.write(new TextEncoder().encode(lines));
    const subjects = async (): Promise<Record<string, number>> => {
      const all = await readStream(server.url, "serial").catch(() => []);
      const groups = Object.entries(Object.groupBy(all, ({ subject }) => subject));
      return Object.fromEntries(groups.map(([subject, some]) => [subject, some?.length ?? 0]));
    };
    const records = "serial.1429010002";
    const events = "serial.events.test-site";
    const health = "serial.health.test-site";
    await waitForValue(
      "all three",
      subjects,
      (found) => found[records] === count && (found[events] ?? 0) >= 2 && found[health] === 1,
    );
    assert.equal(await site.collector.stop(), 0);
    const names = await manage(server.url, async (manager) => {
      const found: string[] = [];
      for await (const { config: { name } } of manager.streams.list()) found.push(name);
      return found;
    });
    assert.deepEqual(names, ["serial"]);
    const stored = await readStream(server.url, "serial");
    const mine = stored.filter(({ subject }) => subject === records);
    assert.equal(mine.map(({ payload }) => latin1(payload)).join(""), site.logText(0));
  },
);

requires(natsServer).test(
  "running without nats is told at every start, as an event and in the heartbeat, once it is mended",
  async () => {
    await using site = new Site({ ports: 1 });
    await using server = await NatsServer.start({
      program: natsProgram,
      storeFolder: site.folder.join("nats"),
    });
    site.useServer(server.url);
    const config = site.folder.join("config.json");
    const good = Deno.readTextFileSync(config);
    Deno.writeTextFileSync(
      config,
      good.replace('"reconnect_wait_sec":1', '"reconnect_wait_sec":-1'),
    );
    for (let start = 0; start < 2; start++) {
      await site.collector.start();
      await beaten(site, start + 1);
      assert.equal(await site.collector.stop(), 0);
    }
    Deno.writeTextFileSync(config, good);
    await site.collector.start();
    await beaten(site, 3);
    const events = parsed<Told>(await assertAll(site, server.url, "events"));
    const broken = events.filter(({ type }) => type === "section_broken");
    assert.deepEqual(broken.map(({ details }) => [details["level"], details["section"]]), [
      ["error", "nats"],
      ["error", "nats"],
    ]);
    const beats = parsed<Beat>(await assertAll(site, server.url, "health"));
    const wrong = /^running without nats: .*config\.json:1:\d+: nats\.reconnect_wait_sec/;
    assert.match(beats[0]?.conditions[0] ?? "", wrong);
    assert.deepEqual(beats.map(({ conditions }) => conditions.length), [1, 1, 0]);
    assert.equal(await site.collector.stop(), 0);
  },
);
