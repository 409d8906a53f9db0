import assert from "node:assert/strict";
import { type Config, type EnabledPort, enabledPorts } from "../../src/config/config.ts";
import { RecordSinks, type Targets, targetsOf } from "../../src/delivery/record_sinks.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import { Restraint } from "../../src/platform/restraint.ts";
import { configOf, sample } from "../config/sample.ts";
import { feed, JournalBox } from "../support/journal_box.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

const nats = { url: "nats://127.0.0.1:1" };
const forwarder = { enabled: true, remote_url: "nats://127.0.0.1:1", remote_subject: "hub.cdr" };
const without = configOf(sample({ nats }));
const withHub = configOf(sample({ nats, forwarder }));

/** Sinks that reach no server, and a journal that they hold. */
class Bench implements AsyncDisposable {
  readonly box = new JournalBox();
  readonly folder = new TemporaryFolder();
  readonly sinks: RecordSinks;

  private constructor(readonly journal: Journal, targets: Targets) {
    this.sinks = new RecordSinks(targets, {
      statePath: this.folder.path,
      restraint: new Restraint(),
      disk: systemDisk,
      clock: systemClock,
      report: () => {},
    });
  }

  static async open(config: Config): Promise<Bench> {
    const box = new JournalBox();
    const journal = await box.open({
      holders: targetsOf(config, []).destinations.map(({ name }) => name),
    });
    feed(journal, "one\ntwo\n");
    await journal.sync();
    const bench = new Bench(journal, targetsOf(config, []));
    await bench.sinks.join({ port: portOf(config), journal });
    bench.sinks.start();
    return bench;
  }

  get names(): string[] {
    return this.sinks.status.map(({ name }) => name);
  }

  async change(config: Config, changed: readonly string[]): Promise<void> {
    await this.sinks.change(targetsOf(config, []), { changed: new Set(changed), drainMs: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sinks.stop();
    await this.journal.close();
    this.folder[Symbol.dispose]();
    this.box[Symbol.dispose]();
  }
}

function portOf(config: Config): EnabledPort {
  const [port] = enabledPorts(config);
  assert.ok(port !== undefined);
  return port;
}

Deno.test("RecordSinks: a sink that is added holds all records of the journals from then on, one that is removed none", async () => {
  await using bench = await Bench.open(without);
  const { holders } = bench.journal.shelf;
  holders.release("nats", 2);
  assert.equal(holders.releasedSequence, 2);
  await bench.change(withHub, ["forwarder"]);
  assert.deepEqual(bench.names, ["nats", "forwarder"]);
  assert.equal(holders.releasedSequence, 0, "the forwarder has nothing yet");
  await bench.change(without, ["forwarder"]);
  assert.deepEqual(bench.names, ["nats"]);
  assert.equal(holders.releasedSequence, 2, "nobody waits for the forwarder any more");
});

Deno.test("RecordSinks: a channel that has left is asked for nothing; one that joins is held for every sink", async () => {
  await using bench = await Bench.open(withHub);
  const { journal } = bench;
  await bench.sinks.leave(journal.name);
  journal.shelf.holders.release("nats", 2);
  journal.shelf.holders.release("forwarder", 1);
  assert.equal(journal.shelf.holders.passedSequence, 1, "only what was released counts");
  await bench.sinks.join({ port: portOf(withHub), journal });
  assert.equal(journal.shelf.holders.passedSequence, 0, "by the cursors, which have nothing");
});

Deno.test("RecordSinks: changes that come together are done one after the other", async () => {
  await using bench = await Bench.open(without);
  const { journal } = bench;
  await Promise.all([
    bench.change(withHub, ["forwarder"]),
    bench.sinks.leave(journal.name),
    bench.change(without, ["forwarder"]),
    bench.sinks.join({ port: portOf(without), journal }),
    bench.change(withHub, ["nats", "forwarder"]),
  ]);
  assert.deepEqual(bench.names, ["nats", "forwarder"]);
});
