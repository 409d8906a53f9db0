// Whether the simulated NATS server, on which the pipeline's simulation stands, does what the real one
// does. `TWIN_SEEDS=200` runs so many scripts.

import assert from "node:assert/strict";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { NatsScript } from "../support/nats_script.ts";
import { RealTwin, SimulatedTwin } from "../support/nats_twin.ts";
import { Random } from "../../src/simulate/random.ts";
import { requires } from "../support/requirements.ts";
import { SimulatedNats } from "../support/simulated_nats.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { TimerList } from "../support/timer_list.ts";

const { test } = requires(natsServer);
const maxPayload = 2048;

function simulated(seed: number): SimulatedTwin {
  const random = new Random(seed);
  const server = new SimulatedNats({ timers: new TimerList(), random: () => random.next() });
  server.maxPayload = maxPayload;
  server.latencyMs = { good: [0, 0], slow: [0, 0] };
  return new SimulatedTwin(server);
}

test("the simulated NATS server does what the real one does", async () => {
  const named = Deno.env.get("SEED");
  const asked = Deno.env.get("TWIN_SEEDS");
  const count = named === undefined ? Number(asked ?? 5) : 1;
  // The same seeds every time, unless a number is asked for.
  const any = asked === undefined ? 1 : Math.floor(Math.random() * 2 ** 31);
  const first = Number(named ?? any);
  using folder = new TemporaryFolder();
  await using nats = await NatsServer.start({
    program: natsProgram,
    storeFolder: folder.path,
    configuration: `max_payload: ${maxPayload}`,
  });
  for (let seed = first; seed < first + count; seed++) {
    const real = await NatsScript.run(new RealTwin(nats), seed);
    const twin = await NatsScript.run(simulated(seed), seed);
    assert.deepEqual(twin, real, `SEED=${seed}`);
  }
});
