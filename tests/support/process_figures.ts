// What the kernel counts of a process: memory, processor time, threads.

import { readdirSync, readFileSync } from "node:fs";

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
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const megabytes = (name: string): number => {
    const [, kilobytes] = new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(text) ?? [];
    if (kilobytes === undefined) throw new Error(`read /proc/${pid}/smaps_rollup: no ${name}`);
    return Number(kilobytes) / 1024;
  };
  return {
    resident: megabytes("Rss"),
    proportional: megabytes("Pss"),
    anonymous: megabytes("Pss_Anon"),
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
