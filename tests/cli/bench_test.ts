import assert from "node:assert/strict";
import { planPorts, startPort } from "../../src/cli/bench.ts";
import type { SimulateOptions } from "../../src/cli/simulate_options.ts";
import { Libc } from "../../src/platform/libc.ts";
import { makerNamed, makers } from "../../src/simulate/makers.ts";
import { INPCK, PARMRK } from "../../src/simulate/marks.ts";
import { parseUartSettings } from "../../src/simulate/uart_settings.ts";
import { parseFrame } from "../../src/source/serial/line_settings.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { TerminalReader } from "../support/terminal_reader.ts";
import { waitFor } from "../support/wait_for.ts";

const usual: SimulateOptions = { folder: "/tmp/bench", unplugFor: 5, thenAfter: 10 };
const mitel = makerNamed("mitel");
const norstar = makerNamed("norstar");

Deno.test("without options a bench has one port, with its maker's settings", () => {
  const [port, ...others] = planPorts(usual);
  assert.equal(others.length, 0);
  assert.equal(port?.link, "/tmp/bench/ttySim1");
  assert.equal(port?.maker.name, "Toshiba CTX");
  assert.equal(port?.settings.baud, 1200);
});

Deno.test("makers take turns over the ports, and settings that are given are those of all", () => {
  const settings = parseUartSettings("300 7O1");
  const plans = planPorts({ ...usual, maker: [mitel, norstar], ports: 3, settings });
  assert.deepEqual(plans.map(({ maker }) => maker.name), [mitel.name, norstar.name, mitel.name]);
  for (const plan of plans) assert.equal(plan.settings, settings);
});

Deno.test("names that are given are those of the first ports", () => {
  const plans = planPorts({ ...usual, maker: [mitel, norstar], link: ["/run/ali"] });
  assert.deepEqual(plans.map(({ link }) => link), ["/run/ali", "/tmp/bench/ttySim2"]);
});

Deno.test("options that do not go together are refused with the reason", () => {
  const cases: readonly [Partial<SimulateOptions>, RegExp][] = [
    [{ maker: [mitel, norstar], ports: 1 }, /--ports 1: 2 are named already/],
    [{ maker: [...makers, ...makers, ...makers, ...makers] }, /40 ports: at most 32/],
    [{ link: ["/run/ali", "/run/ali"] }, /--link \/run\/ali: given to two ports/],
    [{ link: ["/dev/ttyS0"] }, /\/dev\/ttyS0: names below \/dev are the system's/],
  ];
  for (const [options, message] of cases) {
    assert.throws(() => planPorts({ ...usual, ...options }), message);
  }
});

/** Whether a reader with PARMRK finds damaged bytes among the first records of a port. */
async function isDamaged(options: Partial<SimulateOptions>): Promise<boolean> {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  const chosen = { ...usual, rate: 50, folder: folder.path, ...options };
  const [plan] = planPorts({ settings: parseUartSettings("9600 8E1"), ...chosen });
  assert.ok(plan !== undefined);
  await using port = startPort(plan, { libc, options: chosen, seed: 1 });
  using cable = port.cable;
  using reader = new TerminalReader(libc, cable.link);
  reader.set({ inputFlags: PARMRK | INPCK });
  await reader.takeUntil(400);
  await port.stop();
  return reader.received.some((byte, i) => byte === 0xff && reader.received[i + 1] === 0);
}

Deno.test("noise, a wrong clock and another receiver damage what is read; else it is whole", async () => {
  assert.equal(await isDamaged({}), false);
  assert.equal(await isDamaged({ noise: 5 }), true);
  assert.equal(await isDamaged({ clockError: 8 }), true);
  assert.equal(await isDamaged({ receiver: parseFrame("8O1") }), true);
});

Deno.test("breaks and a cable that is pulled come as often as was chosen", async () => {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  const often = { breakEvery: 0.1, unplugEvery: 0.5, unplugFor: 0.1 };
  const options = { ...usual, ...often, folder: folder.path };
  const [plan] = planPorts(options);
  assert.ok(plan !== undefined);
  await using port = startPort(plan, { libc, options, seed: 1 });
  using _cable = port.cable;
  await waitFor("both", () => port.status.breaks > 0 && port.status.unplugs > 1);
});
