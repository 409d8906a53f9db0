import assert from "node:assert/strict";
import { streamFor, type StreamNeed } from "../../src/config/subjects.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import { configOf, type Json, sample } from "../config/sample.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { manage, messageCount, readStream } from "../support/stream_contents.ts";
import { StrayErrors } from "../support/stray_errors.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

/** A box's telemetry and its real server. */
class Bench implements AsyncDisposable {
  readonly log: Notice[] = [];
  readonly #nats: Json;
  readonly #strays = new StrayErrors();
  #telemetry: Telemetry;

  static async start(nats: Json): Promise<Bench> {
    const folder = new TemporaryFolder();
    const storeFolder = folder.join("nats");
    const server = await NatsServer.start({ program: natsProgram, storeFolder });
    return new Bench(folder, server, nats);
  }

  private constructor(
    readonly folder: TemporaryFolder,
    readonly server: NatsServer,
    nats: Json,
  ) {
    this.#nats = nats;
    this.#telemetry = this.box("box");
  }

  get telemetry(): Telemetry {
    return this.#telemetry;
  }

  /** The telemetry of a box whose files are in `name`. */
  box(name: string): Telemetry {
    const { folder, server } = this;
    const config = configOf(sample({
      app: { instance_id: "psap-14" },
      logging: { base_path: folder.join(name) },
      journal: { state_path: folder.join(name) },
      nats: { url: server.url, ...this.#nats },
    }));
    return new Telemetry({
      config,
      disk: systemDisk,
      clock: systemClock,
      boot: "one",
      tailFolder: folder.join(name, "tail"),
      log: (notice) => this.log.push(notice),
    });
  }

  async deliver(telemetry = this.telemetry, name = "box"): Promise<void> {
    await telemetry.open({ floorBytes: 0, isClosed: false, status: { belowFloor: false } });
    telemetry.start({
      tools: {
        statePath: this.folder.join(name),
        maxWaitMs: 100,
        disk: systemDisk,
        clock: systemClock,
        report: (notice) => this.log.push(notice),
      },
      isDeliverable: true,
    }, () => ({ channels: [], sinks: [], conditions: [], strayErrors: 0 }));
  }

  say(message: string): void {
    this.telemetry.report({ level: "info", kind: "line_changed", message });
  }

  /** Names and subjects of the server's streams. */
  streams(): Promise<StreamNeed[]> {
    return manage(this.server.url, async (manager) => {
      const found: StreamNeed[] = [];
      for await (const { config: { name, subjects } } of manager.streams.list()) {
        found.push({ name, subjects });
      }
      return found.sort((a, b) => a.name.localeCompare(b.name));
    });
  }

  async stored(stream: string, count: number): Promise<string[]> {
    const messages = (): Promise<number> => messageCount(this.server.url, stream).catch(() => 0);
    await waitForValue(`${count} in ${stream}`, messages, (found) => found >= count);
    const stored = await readStream(this.server.url, stream);
    return stored.map(({ subject, payload }) => {
      const { msg = "heartbeat" } = JSON.parse(new TextDecoder().decode(payload));
      return `${subject} ${msg}`;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.telemetry[Symbol.asyncDispose]();
    await this.server.stop();
    this.#strays[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}

requires(natsServer).test(
  "Telemetry: without any stream it makes one of its own for events, and one for heartbeats",
  async () => {
    await using bench = await Bench.start({ subject_prefix: "ut.cdr" });
    await bench.deliver();
    bench.say("one");
    assert.deepEqual(await bench.stored("events", 1), ["ut.events.psap-14 one"]);
    assert.deepEqual(await bench.stored("health", 1), ["ut.health.psap-14 heartbeat"]);
    assert.deepEqual(await bench.streams(), [
      { name: "events", subjects: ["ut.events.>"] },
      { name: "health", subjects: ["ut.health.>"] },
    ]);
  },
);

requires(natsServer).test(
  "Telemetry: with a prefix without a dot it leaves the records' stream to be made, even when it is first",
  async () => {
    await using bench = await Bench.start({ subject_prefix: "serial" });
    await bench.deliver();
    bench.say("one");
    assert.deepEqual((await bench.stored("serial", 2)).sort(), [
      "serial.events.psap-14 one",
      "serial.health.psap-14 heartbeat",
    ]);
    assert.deepEqual(await bench.streams(), [streamFor("serial")]);
  },
);

requires(natsServer).test(
  "Telemetry: a stream that operators made is used as it is; without one, and none to be made, all waits",
  async () => {
    await using bench = await Bench.start({ subject_prefix: "ut.cdr", manage_streams: false });
    await bench.deliver();
    bench.say("one");
    await waitFor("no stream", () => bench.log.some(({ kind }) => kind === "sink_no_stream"));
    assert.ok(bench.log.every(({ level }) => level !== "error"), "records are not concerned");
    const made = await manage(
      bench.server.url,
      (manager) =>
        manager.streams.add({
          name: "ops",
          subjects: ["ut.events.*", "ut.health.*"],
          max_msgs: 50,
        }),
    );
    const types = await bench.stored("ops", 2);
    assert.deepEqual(types.sort(), ["ut.events.psap-14 one", "ut.health.psap-14 heartbeat"]);
    const after = await manage(bench.server.url, (manager) => manager.streams.info("ops"));
    assert.deepEqual(after.config, made.config);
    assert.equal((await bench.streams()).length, 1);
  },
);

requires(natsServer).test(
  "Telemetry: of two boxes that go by the same name, each is told of once, also when one has lost its place",
  async () => {
    await using bench = await Bench.start({ subject_prefix: "ut.cdr" });
    const expected: string[] = [];
    const run = async (name: string, round: number): Promise<void> => {
      await using telemetry = bench.box(name);
      await bench.deliver(telemetry, name);
      for (let i = 0; i < 5; i++) {
        const message = `${name} ${round} ${i}`;
        expected.push(`ut.events.psap-14 ${message}`);
        telemetry.report({ level: "info", kind: "line_changed", message });
      }
      await bench.stored("events", expected.length);
    };
    for (let round = 0; round < 3; round++) {
      for (const name of ["north", "south"]) await run(name, round);
      Deno.removeSync(bench.folder.join("north", "cursors-events.json"));
    }
    assert.deepEqual(await bench.stored("events", expected.length), expected);
  },
);
