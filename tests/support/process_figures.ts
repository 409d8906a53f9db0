// What the kernel counts of a process: memory, processor time, threads.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** In megabytes. */
export interface MemoryFigures {
  /** All of its pages that are in memory, as `top` shows it. */
  readonly resident: number;
  /** The same, with a share only of pages that others have in memory too. */
  readonly proportional: number;
  /** Of it, what belongs to no file: nobody can take this back without swap. */
  readonly anonymous: number;
}

/** @throws {Error} when it has ended */
export function memoryOf(pid: number): MemoryFigures {
  const megabytes = rollupOf(pid);
  return {
    resident: megabytes("Rss"),
    proportional: megabytes("Pss"),
    anonymous: megabytes("Pss_Anon"),
  };
}

/** From now on it counts which pages are used. @throws {Error} when it has ended */
export function forgetUse(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "1");
}

/** Megabytes of the pages that were used since then. @throws {Error} when it has ended */
export function memoryInUse(pid: number): number {
  return rollupOf(pid)("Referenced");
}

function rollupOf(pid: number): (name: string) => number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return (name) => {
    const [, kilobytes] = new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(text) ?? [];
    if (kilobytes === undefined) throw new Error(`read /proc/${pid}/smaps_rollup: no ${name}`);
    return Number(kilobytes) / 1024;
  };
}

/** What it has computed so far, in ms, in steps of ten. @throws {Error} when it has ended */
export function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** @throws {Error} when it has ended */
export function threadsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}
