import assert from "node:assert/strict";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { CommandProcess, type ProcessEnd } from "../support/command_process.ts";
import { FedSite } from "../support/fed_site.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { readStream } from "../support/stream_contents.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

type Json = Record<string, unknown> & { ports: Record<string, unknown>[] };

/** Writes what `change` makes of the configuration, as an editor does it. */
function edit({ site }: FedSite, change: (config: Json) => void): void {
  const path = site.folder.join("config.json");
  const config = JSON.parse(Deno.readTextFileSync(path));
  change(config);
  Deno.writeTextFileSync(`${path}.new`, JSON.stringify(config, null, 2));
  Deno.renameSync(`${path}.new`, path);
}

async function reload({ site }: FedSite, ...args: string[]): Promise<ProcessEnd> {
  const env = { RUNTIME_DIRECTORY: site.folder.join("run") };
  const config = site.folder.join("config.json");
  await using command = new CommandProcess("reload", ["--config", config, ...args], env);
  return await command.end();
}

function openings({ site }: FedSite, port: number): number {
  return site.collector.log.filter((line) => line.includes(`${site.device(port)} open, `)).length;
}

requires(natsServer).test(
  "SIGHUP with one port of four changed: the others, whose senders never pause, lose no byte and are not opened again",
  async () => {
    await using fed = await FedSite.start({ ports: 4, rate: 200 });
    await fed.untilDelivered("records of all ports", 20);
    const changed = 1;
    await fed.feeds[changed]?.stop();
    const before = fed.feeds[changed]?.sent.length ?? 0;
    await waitFor("all of them", () => fed.site.records(changed).length === before);
    edit(fed, ({ ports }) => Object.assign(ports[changed] ?? {}, { baud_rate: 19200 }));
    Deno.kill(fed.pid, "SIGHUP");
    await fed.untilSaid(`${fed.site.channel(changed)}: opened anew`);
    await fed.untilSaid(`${fed.site.device(changed)} open, 19200 8N1`);
    await fed.site.terminals[changed]?.write(new TextEncoder().encode("after\r\n"));
    fed.feeds[changed]?.sent.push("after");
    const sent = fed.feeds.map((feed) => feed.sent.length);
    await waitFor(
      "more of the others",
      () =>
        fed.feeds.every((feed, port) =>
          port === changed || feed.sent.length > (sent[port] ?? 0) + 40
        ),
    );
    assert.deepEqual([0, 1, 2, 3].map((port) => openings(fed, port)), [1, 2, 1, 1]);
    await fed.assertAllIsWell();
  },
);

requires(natsServer).test(
  "a file that does not check is refused whole: nothing changes, and the place is told, at SIGHUP and by the command",
  async () => {
    await using fed = await FedSite.start({ ports: 2, rate: 100 });
    edit(fed, (config) => {
      config.ports[0] = { ...config.ports[0], baud_rate: 19200 };
      Object.assign(config, { nats: { url: "nats://127.0.0.1:1", subject_prefix: "a b" } });
    });
    Deno.kill(fed.pid, "SIGHUP");
    await fed.untilSaid("the configuration is not taken, and nothing has changed");
    assert.match(fed.said, /nothing has changed: \S+config\.json:\d+:\d+: nats\.subject_prefix/);
    const [told, json] = await Promise.all([reload(fed), reload(fed, "--json")]);
    assert.equal(told.code, 2, told.err);
    assert.match(told.err, /config\.json:\d+:\d+: nats\.subject_prefix.*\n.*"a b"/);
    assert.match(told.err, /1 problem in .*; nothing has changed/);
    assert.equal(json.code, 2);
    assert.deepEqual(JSON.parse(json.out).problems.map(({ path }: { path: string }) => path), [
      "nats.subject_prefix",
    ]);
    fed.site.useServer(fed.server.url);
    const mended = await reload(fed);
    assert.deepEqual([mended.code, mended.out], [0, "nothing has changed\n"]);
    assert.deepEqual([openings(fed, 0), openings(fed, 1)], [1, 1]);
    await fed.assertAllIsWell();
  },
);

requires(natsServer).test(
  "ports and a forwarder that are added run, those that are removed do not, and each record is delivered once",
  async () => {
    await using fed = await FedSite.start({ ports: 3, rate: 100 });
    const storeFolder = fed.site.folder.join("hub");
    await using hub = await NatsServer.start({ program: natsProgram, storeFolder });
    await fed.untilDelivered("records of all ports", 10);
    await fed.feeds[2]?.stop();
    const before = fed.feeds[2]?.sent.length ?? 0;
    await waitFor("all of them", () => fed.site.records(2).length === before);
    edit(fed, (config) => {
      const third = config.ports.pop();
      config.ports.push({ ...third, side_designation: "B1" });
      config["nats"] = { ...config["nats"] as object, reconnect_wait_sec: 2 };
      config["forwarder"] = { enabled: true, remote_url: hub.url, remote_subject: "ut.cdr.hub" };
      config["logging"] = { ...config["logging"] as object, max_backups: 3 };
    });
    const told = await reload(fed);
    assert.equal(told.code, 0, told.err);
    assert.deepEqual(told.out.trimEnd().split("\n"), [
      "1429010002-B1: added",
      "1429010002-A3: removed",
      "nats, forwarder: delivery begun anew",
      "logging.max_backups: not before the next start of the service",
    ]);
    const now = fed.feeds.slice(0, 2).map((feed) => feed.sent.length);
    await fed.site.terminals[2]?.write(new TextEncoder().encode("over B1\r\n"));
    const all = await waitForValue(
      "all at the hub",
      () => readStream(hub.url, "cdr").catch(() => []),
      (found) =>
        now.every((count, port) =>
          found.filter(({ headers }) => headers["Nectar-Channel"] === fed.site.channel(port))
            .length >= count
        ) && found.some(({ headers }) => headers["Nectar-Channel"] === "1429010002-B1"),
      { timeoutMs: 20_000, intervalMs: 100 },
    );
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    await fed.stopFeeding();
    assert.deepEqual([openings(fed, 0), openings(fed, 1)], [1, 1]);
    await waitForValue(
      "all in the stream",
      () => readStream(fed.server.url, "cdr"),
      (found) => found.length >= fed.feeds.reduce((sum, { sent }) => sum + sent.length, 1),
      { timeoutMs: 20_000, intervalMs: 100 },
    );
    for (const port of [0, 1]) {
      assert.deepEqual(fed.site.records(port), fed.feeds[port]?.sent);
    }
    assert.equal(await fed.site.collector.stop(), 0);
  },
);

Deno.test("reload without a service says so, with code 1", async () => {
  const env = { RUNTIME_DIRECTORY: "/nowhere", XDG_RUNTIME_DIR: "/nowhere" };
  await using command = new CommandProcess("reload", ["--config", "/nowhere/site.json"], env);
  const { code, err } = await command.end();
  assert.equal(code, 1);
  assert.match(err, /none runs on \/nowhere\/site\.json\n {2}→ start it/);
});
