// What one port that sends garbage as fast as it can costs the others: sixteen ports at 115,200 baud
// and two HTTP feeds, first undisturbed, then beside it, then undisturbed again. How long their records took to be read
// and to reach the server, as ratios within the run, because machines are noisy.
//
//   SECONDS=20 PATTERN="garbage" deno task bench:fairness
//   PATTERN="endless line", "short lines"
//   FLOOD_KEYS='{"baud_rate":0,"raw_capture":true}' for the flooded port's entry

import type { FloodPattern } from "../support/flood.ts";
import { FairnessSite, type Latencies } from "../support/fairness_site.ts";

const seconds = Number(Deno.env.get("SECONDS") ?? 20);
const floodKeys = JSON.parse(Deno.env.get("FLOOD_KEYS") ?? "{}");
const settleMs = 3000;
const drainMs = 60_000;

const patterns = ["garbage", "endless line", "short lines"] as const;

function patternNamed(name: string): FloodPattern {
  const pattern = patterns.find((each) => each === name);
  if (pattern === undefined) {
    throw new Error(`PATTERN=${name}: it is one of ${patterns.join(", ")}`);
  }
  return pattern;
}

interface Phase {
  readonly read: Quantiles;
  readonly delivered: Quantiles;
  readonly answered: Quantiles;
}

interface Quantiles {
  readonly median: number;
  readonly p99: number;
  readonly most: number;
}

function quantiles(values: number[]): Quantiles {
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;
  return { median: at(0.5), p99: at(0.99), most: at(1) };
}

function processorMs(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function residentMb(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

async function phase(site: FairnessSite, name: string): Promise<Phase> {
  await pause(settleMs);
  site.takeLatencies();
  const busyMs = processorMs(site.pid);
  const floodKb = site.flood.sentKb;
  await pause(seconds * 1000);
  const latencies: Latencies = site.takeLatencies();
  const read = quantiles(latencies.read);
  const delivered = quantiles(latencies.delivered);
  const answered = quantiles(latencies.answered);
  const core = (processorMs(site.pid) - busyMs) / seconds / 10;
  console.log(
    `${name}: ${latencies.read.length} records; read after ${text(read)}; at the server after ` +
      `${text(delivered)}; ${latencies.answered.length} posts answered after ${text(answered)}; ` +
      `collector ${core.toFixed(0)} % of a core, ` +
      `${residentMb(site.pid).toFixed(0)} MB; flood ${
        ((site.flood.sentKb - floodKb) / seconds).toFixed(0)
      } KB/s`,
  );
  return { read, delivered, answered };
}

function text({ median, p99, most }: Quantiles): string {
  const [middle, late, latest] = [median, p99, most].map((ms) => ms.toFixed(0));
  return `${middle} ms (99 %: ${late}, most: ${latest})`;
}

function ratio(loud: Quantiles, quiet: Quantiles): string {
  return `median × ${(loud.median / quiet.median).toFixed(2)}, ` +
    `99 % × ${(loud.p99 / quiet.p99).toFixed(2)}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function report(): Promise<void> {
  const pattern = patternNamed(Deno.env.get("PATTERN") ?? "garbage");
  await using site = await FairnessSite.start({ pattern, floodKeys });
  const quiet = await phase(site, "undisturbed");
  site.flood.start();
  const loud = await phase(site, `beside ${pattern}`);
  site.flood.stop();
  await phase(site, "undisturbed again");
  await site.stopLines(drainMs);
  console.log(`posts answered: ${ratio(loud.answered, quiet.answered)}`);
  console.log(`read: ${ratio(loud.read, quiet.read)}`);
  console.log(`at the server: ${ratio(loud.delivered, quiet.delivered)}`);
  console.log(
    `${site.posted} posts answered; ${site.sent} records sent, ${site.heard} arrived, ${site.wrong.length} out of order`,
  );
  if (site.wrong.length > 0) Deno.exit(1);
}

await report();
