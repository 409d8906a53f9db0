import assert from "node:assert/strict";
import { StopSignal } from "../../src/cli/stop_signal.ts";

Deno.test("a signal ends the waiting and is told by name", async () => {
  using stopped = new StopSignal(["SIGUSR1"]);
  const waited = stopped.within(Infinity);
  Deno.kill(Deno.pid, "SIGUSR1");
  await waited;
  assert.equal(await stopped.received, "SIGUSR1");
});

Deno.test("without a signal the waiting ends after its time, or when it is given up", async () => {
  const stopped = new StopSignal();
  await stopped.within(1);
  const waited = stopped.within(Infinity);
  stopped[Symbol.dispose]();
  await waited;
});
