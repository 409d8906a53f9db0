import assert from "node:assert/strict";
import type { StreamConfig } from "@nats-io/jetstream";
import { settingFaults } from "../../src/delivery/stream_settings.ts";

const sound = {
  name: "cdr",
  no_ack: false,
  storage: "file" as StreamConfig["storage"],
  retention: "limits" as StreamConfig["retention"],
  sealed: false,
};

Deno.test("a stream on disk that acknowledges and keeps by its limits has no faults", () => {
  assert.deepEqual(settingFaults(sound), []);
});

Deno.test("a sealed stream, and one that lets go of what was read, are told by name", () => {
  const [sealed] = settingFaults({ ...sound, sealed: true });
  assert.equal(sealed?.level, "error");
  assert.match(sealed?.message ?? "", /^stream cdr is sealed/);
  const interest = "interest" as StreamConfig["retention"];
  assert.match(
    settingFaults({ ...sound, retention: interest })[0]?.message ?? "",
    /lets go of records that were read \(retention interest\)$/,
  );
});
