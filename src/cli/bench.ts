// The ports of a bench, from what was chosen on the command line: how many, who is at the other end
// of each, and how badly it is treated.

import { join, resolve } from "node:path";
import { sides } from "../config/sides.ts";
import type { Libc } from "../platform/libc.ts";
import { BenchPort } from "../simulate/bench_port.ts";
import { Cable } from "../simulate/cable.ts";
import { type Maker, makerNamed } from "../simulate/makers.ts";
import { Random } from "../simulate/random.ts";
import type { UartSettings } from "../simulate/uart.ts";
import { WrongValue } from "./option_values.ts";
import type { SimulateOptions } from "./simulate_options.ts";

const usualMaker = makerNamed("Toshiba CTX");
const usualCallsPerSecond = 0.5;

/** One port that is to be. */
export interface PortPlan {
  /** Its name, an absolute path. */
  readonly link: string;
  readonly maker: Maker;
  /** The first ones. */
  readonly settings: UartSettings;
}

/** @throws {WrongValue} for options that do not go together. */
export function planPorts(options: SimulateOptions): PortPlan[] {
  const { maker: chosen = [usualMaker], link: links = [], folder, settings } = options;
  const named = Math.max(chosen.length, links.length);
  const { ports: count = named } = options;
  if (count < named) throw new WrongValue(`--ports ${count}: ${named} are named already`);
  if (count > sides.length) throw new WrongValue(`${count} ports: at most ${sides.length}`);
  const plans = Array.from({ length: count }, (_, i) => {
    const maker = chosen[i % chosen.length] ?? usualMaker;
    const link = resolve(links[i] ?? join(folder, `ttySim${i + 1}`));
    return { link, maker, settings: settings ?? maker.settings };
  });
  const names = plans.map(({ link }) => link);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new WrongValue(`--link ${twice}: given to two ports`);
  const device = names.find((name) => name.startsWith("/dev/"));
  if (device !== undefined) {
    throw new WrongValue(`${device}: names below /dev are the system's; give another`);
  }
  return plans;
}

/** Plugs the port's cable in and lets its exchange print. @throws {SystemError} */
export function startPort(
  { link, maker, settings }: PortPlan,
  { libc, options, seed }: {
    readonly libc: Libc;
    readonly options: SimulateOptions;
    readonly seed: number;
  },
): BenchPort {
  const { breakEvery, unplugEvery, unplugFor, then: to = [], thenAfter } = options;
  const random = new Random(seed);
  const cable = new Cable({
    libc,
    link,
    settings,
    receiver: options.receiver,
    clockErrorPpm: (options.clockError ?? 0) * 10_000,
    noise: {
      // One of its own: the noise does not decide who calls.
      random: new Random(random.integer(0, 2 ** 32 - 1)),
      flipProbability: (options.noise ?? 0) / 100,
    },
  });
  return BenchPort.start({
    cable,
    maker,
    random,
    callsPerSecond: options.rate ?? usualCallsPerSecond,
    limit: options.records,
    numbered: options.numbered,
    breakEveryMs: inMs(breakEvery),
    unplug: unplugEvery === undefined
      ? undefined
      : { everyMs: unplugEvery * 1000, forMs: unplugFor * 1000 },
    changes: { to, afterCalls: thenAfter },
  });
}

function inMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
