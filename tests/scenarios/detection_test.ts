// A line whose settings nobody has configured, on a real pseudo-terminal whose sender is a simulated
// UART: what the collector's receiver is not set to, it does not get.

import assert from "node:assert/strict";
import { Line } from "../../src/simulate/line.ts";
import { Random } from "../../src/simulate/random.ts";
import type { UartSettings } from "../../src/simulate/uart.ts";
import { sentFramings } from "../support/detection_windows.ts";
import { seeds } from "../support/seeds.ts";
import { Site } from "../support/site.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

/** Of a Toshiba's calls, so long that each is enough for a verdict. */
function call(number: number): string {
  const seconds = String(number % 60).padStart(2, "0");
  return `N 044 01     DN4521    T001004   06/14 09:12:${seconds} 00:03:21.0 91555555${
    String(number).padStart(4, "0")
  }`;
}

/** The cable into a site's port. */
class Sender {
  readonly #site: Site;
  #line: Line;
  #sent = 0;

  constructor(site: Site, baud: number, framing: string) {
    this.#site = site;
    this.#line = this.#newLine(baud, framing);
  }

  change(baud: number, framing: string, flipProbability = 0): void {
    this.#line = this.#newLine(baud, framing, flipProbability);
  }

  /** Sends calls, with a pause behind each. */
  async send(count: number): Promise<string[]> {
    const sent = Array.from({ length: count }, () => call(++this.#sent));
    for (const text of sent) {
      await this.#line.send(new TextEncoder().encode(`${text}\r\n`));
      await this.#line.idle(20);
    }
    return sent;
  }

  #newLine(baud: number, framing: string, flipProbability = 0): Line {
    const [terminal] = this.#site.terminals;
    const frame = sentFramings[framing];
    if (terminal === undefined || frame === undefined) throw new RangeError(framing);
    const settings: UartSettings = { baud, ...frame };
    const noise = { random: new Random(1), flipProbability };
    return new Line({ terminal, settings, paced: true, noise });
  }
}

/**
 * Sends until a call is recorded whole at once, and then some more, of which none may be missing.
 * How many of all that were sent are not recorded whole; how busy the machine is has a part in it.
 */
async function lostUntilFound(site: Site, sender: Sender): Promise<number> {
  const sent: string[] = [];
  do {
    assert.ok(sent.length < 100, `no call was recorded whole:\n${site.collector.log.join("\n")}`);
    sent.push(...await sender.send(1));
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (!site.records(0).includes(sent.at(-1) ?? ""));
  const whole = sent.slice(-1);
  whole.push(...await sender.send(4));
  const records = await recorded(site, whole.at(-1) ?? "");
  assert.deepEqual(records.slice(-5), whole);
  return sent.filter((text) => !records.includes(text)).length;
}

/** What is in the logs once nothing more comes. */
async function recorded(site: Site, last: string): Promise<string[]> {
  return await waitForValue(
    "the last record",
    () => site.records(0),
    (records) => records.at(-1) === last,
    { timeoutMs: 15_000 },
  );
}

for (const framing of ["8N1", "8N2", "7E1", "7O1", "7N2", "7M1", "7S1"]) {
  Deno.test(`a ${framing} line is recorded whole from its first byte on: at the usual speed, and where it was known`, async () => {
    await using site = new Site({ ports: 1, baudRate: 0 });
    await site.collector.start();
    const sender = new Sender(site, 9600, framing);
    const first = await sender.send(3);
    assert.deepEqual(await recorded(site, first.at(-1) ?? ""), first);
    // Now at a speed that it must find, and that it knows after a restart.
    sender.change(4800, framing);
    const lost = await sender.send(6);
    await waitFor("a record at 4800", () => site.records(0).at(-1) === lost.at(-1));
    await waitFor("the settings", () => remembered(site)?.baudRate === 4800);
    assert.equal(await site.collector.stop(), 0);
    await site.collector.start();
    const before = site.records(0).length;
    const known = await sender.send(3);
    const records = await recorded(site, known.at(-1) ?? "");
    assert.deepEqual(records.slice(before), known);
    assert.equal(await site.collector.stop(), 0);
  });
}

function remembered(site: Site): { readonly baudRate: number } | undefined {
  try {
    const path = site.folder.join("state", `${site.channel(0)}.line.json`);
    return JSON.parse(Deno.readTextFileSync(path)).settings;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

Deno.test("at a speed never seen before, all records are whole but the first few", async () => {
  const missing: Record<string, number> = {};
  for (const [baud, framing] of [[2400, "7E1"], [19_200, "8N1"], [57_600, "7O1"]] as const) {
    await using site = new Site({ ports: 1, baudRate: 0 });
    await site.collector.start();
    const sender = new Sender(site, baud, framing);
    missing[`${baud} ${framing}`] = await lostUntilFound(site, sender);
    assert.equal(await site.collector.stop(), 0);
  }
  console.log("records lost until the settings were found:", missing);
});

Deno.test("a sender that is set otherwise in mid-stream is followed, and an event says so", async () => {
  await using site = new Site({ ports: 1, baudRate: 0 });
  await site.collector.start();
  const sender = new Sender(site, 9600, "8N1");
  const before = await sender.send(5);
  assert.deepEqual(await recorded(site, before.at(-1) ?? ""), before);
  sender.change(19_200, "7E1");
  const lost = await lostUntilFound(site, sender);
  const log = site.collector.log.join("\n");
  assert.match(log, /settings found: \d+ characters are text at 9600 8N1/);
  assert.match(log, /characters do not fit 9600 8N1/);
  assert.match(log, /settings found: \d+ characters are text at 19200 7E1/);
  console.log(`records lost at the change: ${lost}`);
  assert.ok(lost <= 3, "followed within a record or so, on a busy machine too");
  assert.equal(await site.collector.stop(), 0);
});

for (const seed of seeds()) {
  Deno.test(`a line of which one bit in a hundred is flipped is kept (SEED=${seed})`, async () => {
    await using site = new Site({ ports: 1, baudRate: 0 });
    await site.collector.start();
    const sender = new Sender(site, 38_400, "7E1");
    await sender.send(10);
    sender.change(38_400, "7E1", 0.01);
    await sender.send(60);
    sender.change(38_400, "7E1");
    const [first = "", last = ""] = await sender.send(2);
    const records = await recorded(site, last);
    assert.ok(records.at(-2)?.endsWith(first.slice(-10)));
    const { log } = site.collector;
    await waitFor("word of the noise", () => log.some((line) => line.includes("arrived damaged")));
    const found = log.filter((line) => line.includes("settings found"));
    assert.equal(found.length, 1, found.join("\n"));
    assert.equal(await site.collector.stop(), 0);
  });
}
