import assert from "node:assert/strict";
import { SessionEnd } from "../../src/delivery/session_end.ts";
import { Sink } from "../../src/delivery/sink.ts";
import type { StreamServer } from "../../src/delivery/stream_server.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import { Restraint } from "../../src/platform/restraint.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";

const away: StreamServer = {
  connect: () => Promise.reject(new SessionEnd("disconnected", "nobody is there")),
  renewed: () => Promise.resolve(false),
};

Deno.test("Sink: an error that nobody expected is told, the sink is begun anew, and can be stopped and exchanged", async () => {
  using folder = new TemporaryFolder();
  const told: string[] = [];
  let fails = true;
  await using sink = new Sink({
    name: "nats",
    server: away,
    feeds: [],
    wantedStream: null,
    statePath: folder.path,
    maxWaitMs: 10,
    restraint: new Restraint(),
    disk: systemDisk,
    clock: systemClock,
    random: () => 0,
    report: ({ kind, message }) => {
      told.push(kind);
      if (kind !== "sink_disconnected" || !fails) return;
      fails = false;
      throw new TypeError(`planted behind: ${message}`);
    },
  });
  sink.start();
  await waitFor("it to go on", () => sink.status.state === "disconnected");
  assert.deepEqual(told, ["sink_disconnected", "sink_restart", "sink_disconnected"]);
  await sink.exchange([]);
  await sink.stop();
});
