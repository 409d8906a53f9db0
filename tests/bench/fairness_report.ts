// What one port that sends garbage as fast as it can costs the others: sixteen ports at 115,200 baud
// and two HTTP feeds, undisturbed and beside it, in turns, because machines are noisy. How long their
// records took to be read and to reach the server, and posts to be answered, as ratios within the run.
//
//   ROUNDS=10 SECONDS=5 PATTERN="garbage" deno task bench:fairness
//   PATTERN="endless line", "short lines"
//   FLOOD_KEYS='{"baud_rate":0,"raw_capture":true}' for the flooded port's entry

import type { FloodPattern } from "../support/flood.ts";
import { FairnessSite, type Latencies } from "../support/fairness_site.ts";

const rounds = Number(Deno.env.get("ROUNDS") ?? 10);
const seconds = Number(Deno.env.get("SECONDS") ?? 5);
const floodKeys = JSON.parse(Deno.env.get("FLOOD_KEYS") ?? "{}");
/** What was under way when the flood began or ended counts for neither. */
const settleMs = 1500;
const drainMs = 60_000;

const patterns = ["garbage", "endless line", "short lines"] as const;

const measures = {
  read: "read after",
  delivered: "at the server after",
  answered: "posts answered after",
} as const satisfies Record<keyof Latencies, string>;

function patternNamed(name: string): FloodPattern {
  const pattern = patterns.find((each) => each === name);
  if (pattern === undefined) {
    throw new Error(`PATTERN=${name}: it is one of ${patterns.join(", ")}`);
  }
  return pattern;
}

/** All turns of one kind together. */
class Account {
  readonly #name: string;
  readonly #latencies: Latencies = { read: [], delivered: [], answered: [] };
  #processorMs = 0;
  #floodKb = 0;

  constructor(name: string) {
    this.#name = name;
  }

  async turn(site: FairnessSite): Promise<void> {
    await pause(settleMs);
    site.takeLatencies();
    const [processorBefore, floodBefore] = [processorMs(site.pid), site.flood.sentKb];
    await pause(seconds * 1000);
    this.#processorMs += processorMs(site.pid) - processorBefore;
    this.#floodKb += site.flood.sentKb - floodBefore;
    const taken = site.takeLatencies();
    for (const each of ["read", "delivered", "answered"] as const) {
      this.#latencies[each].push(...taken[each]);
    }
  }

  print(): void {
    const wholeSeconds = rounds * seconds;
    console.log(
      `${this.#name}: ${this.#latencies.read.length} records, ` +
        `${this.#latencies.answered.length} posts; collector ` +
        `${(this.#processorMs / wholeSeconds / 10).toFixed(0)} % of a core; ` +
        `flood ${(this.#floodKb / wholeSeconds).toFixed(0)} KB/s`,
    );
    for (const [key, words] of entries(measures)) {
      const [median, late, latest] = [0.5, 0.99, 1].map((share) => this.at(key, share).toFixed(0));
      console.log(`  ${words} ${median} ms (99 %: ${late}, most: ${latest})`);
    }
  }

  /** So long took this share of them at most. */
  at(measure: keyof Latencies, share: number): number {
    const sorted = this.#latencies[measure].sort((a, b) => a - b);
    return sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;
  }
}

function entries(of: typeof measures): [keyof Latencies, string][] {
  return [["read", of.read], ["delivered", of.delivered], ["answered", of.answered]];
}

function processorMs(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function memory(pid: number): string {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const [all, own] = ["VmRSS", "RssAnon"].map((name) => {
    const [, kilobytes = "0"] = new RegExp(`${name}:\\s+(\\d+)`).exec(status) ?? [];
    return (Number(kilobytes) / 1024).toFixed(0);
  });
  return `${all} MB resident, ${own} MB without the program's own files`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function report(): Promise<void> {
  const pattern = patternNamed(Deno.env.get("PATTERN") ?? "garbage");
  await using site = await FairnessSite.start({ pattern, floodKeys });
  const quiet = new Account("undisturbed");
  const loud = new Account(`beside ${pattern}`);
  for (let round = 0; round < rounds; round++) {
    await quiet.turn(site);
    site.flood.start();
    await loud.turn(site);
    site.flood.stop();
  }
  quiet.print();
  loud.print();
  for (const [key, words] of entries(measures)) {
    const [median, late] = [0.5, 0.99].map((share) =>
      (loud.at(key, share) / quiet.at(key, share)).toFixed(2)
    );
    console.log(`${words}: median × ${median}, 99 % × ${late}`);
  }
  console.log(memory(site.pid));
  await site.stopLines(drainMs);
  console.log(
    `${site.posted} posts answered; ${site.sent} records sent, ${site.heard} arrived, ` +
      `${site.wrong.length} wrong`,
  );
  if (site.wrong.length > 0) Deno.exit(1);
}

await report();
