// What the executable takes of a small box: its size, the time from its start until ports are open,
// memory while nothing comes and with sixteen ports at full line speed, processor time a record.
// Several executables are measured in turns, because machines are noisy.
//
//   ROUNDS=3 STARTS=10 SECONDS=30 deno task bench:appliance [EXECUTABLE …]

import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { MemoryFigures } from "../support/process_figures.ts";
import {
  ApplianceSite,
  type BusyFigures,
  recordsPerSecond,
  type StartTimes,
} from "./appliance_site.ts";

const rounds = Number(Deno.env.get("ROUNDS") ?? 3);
const starts = Number(Deno.env.get("STARTS") ?? 10);
const seconds = Number(Deno.env.get("SECONDS") ?? 30);
const ports = 16;

/** All that was found of one executable. */
interface Findings {
  readonly path: string;
  readonly starts: StartTimes[];
  readonly idleOne: MemoryFigures[];
  readonly idleAll: MemoryFigures[];
  readonly busy: BusyFigures[];
}

const paths = Deno.args.length > 0 ? Deno.args : ["build/nectarcollector"];
const found: readonly Findings[] = paths.map((path) => (
  { path: resolve(path), starts: [], idleOne: [], idleAll: [], busy: [] }
));
for (let round = 0; round < starts; round++) for (const each of found) await measureStart(each);
for (let round = 0; round < rounds; round++) {
  for (const each of found) {
    await measureOne(each);
    await measureAll(each);
  }
}
for (const each of found) print(each);
const [first, ...others] = found;
if (first !== undefined) { for (const each of others) compare(each, first); }

/** On a box that has run before. */
async function measureStart({ path, starts }: Findings): Promise<void> {
  await using site = await ApplianceSite.open(path, ports);
  await site.start();
  await site.stop();
  starts.push(await site.start());
}

async function measureOne({ path, idleOne }: Findings): Promise<void> {
  await using site = await ApplianceSite.open(path, 1);
  await site.start();
  idleOne.push(await site.idle());
}

async function measureAll({ path, idleAll, busy }: Findings): Promise<void> {
  await using site = await ApplianceSite.open(path, ports);
  await site.start();
  idleAll.push(await site.idle());
  busy.push(await site.busy(seconds));
}

function print({ path, starts, idleOne, idleAll, busy }: Findings): void {
  console.log(`${basename(path)}: ${(statSync(path).size / 1e6).toFixed(1)} MB`);
  printStart("first port open after", starts.map(({ opened }) => opened));
  printStart(`${ports} ports open after`, starts.map(({ allOpened }) => allOpened));
  printStart("ready after", starts.map(({ captures }) => captures));
  console.log("  MB                          resident  proportional  anonymous");
  printMemory("idle, 1 port", idleOne);
  printMemory(`idle, ${ports} ports`, idleAll);
  const looks = busy.flatMap(({ memory }) => memory);
  printMemory(`busy, ${ports} ports, median`, looks);
  printMemory(`busy, ${ports} ports, most`, [most(looks)]);
  const inUse = median(busy.map((each) => each.inUse));
  console.log(`  of these ${inUse.toFixed(1)} were used at all; the rest the system may take back`);
  const rate = ports * recordsPerSecond;
  const cost = median(busy.map(({ cost }) => cost));
  const threads = Math.max(...busy.map(({ threads }) => threads));
  console.log(
    `  ${cost.toFixed(0)} µs of a core a record, ${(cost * rate / 10_000).toFixed(1)} % at ` +
      `${rate} records/s; ${threads} threads`,
  );
}

function compare(other: Findings, first: Findings): void {
  const cost = ({ busy }: Findings): number => median(busy.map((each) => each.cost));
  const opened = ({ starts }: Findings): number => median(starts.map((each) => each.opened));
  console.log(
    `${basename(other.path)} to ${basename(first.path)}: processor time a record × ` +
      `${(cost(other) / cost(first)).toFixed(2)}, first port open × ` +
      `${(opened(other) / opened(first)).toFixed(2)}`,
  );
}

function printStart(name: string, times: readonly number[]): void {
  console.log(
    `  ${name} ${median(times).toFixed(0)} ms (${Math.min(...times).toFixed(0)} to ` +
      `${Math.max(...times).toFixed(0)})`,
  );
}

function printMemory(name: string, figures: readonly MemoryFigures[]): void {
  const column = (of: (figures: MemoryFigures) => number, width: number): string =>
    median(figures.map(of)).toFixed(1).padStart(width);
  console.log(
    `  ${name.padEnd(26)}${column(({ resident }) => resident, 10)}` +
      `${column(({ proportional }) => proportional, 14)}` +
      `${column(({ anonymous }) => anonymous, 11)}`,
  );
}

function most(looks: readonly MemoryFigures[]): MemoryFigures {
  return {
    resident: Math.max(...looks.map(({ resident }) => resident)),
    proportional: Math.max(...looks.map(({ proportional }) => proportional)),
    anonymous: Math.max(...looks.map(({ anonymous }) => anonymous)),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
