// What this process takes of the machine: memory and file descriptors.

import type { Libc } from "./libc.ts";

export interface ProcessUse {
  /** In memory now, all of it. */
  readonly residentBytes: number;
  /** Of it, what the program's objects take. */
  readonly heapBytes: number;
  /** Open files, sockets and ports. */
  readonly descriptors: number;
  /** So many may be open; `Infinity` where there is no limit. */
  readonly descriptorLimit: number;
}

/** @throws {SystemError} where /proc cannot be read */
export function processUse(libc: Libc): ProcessUse {
  const { rss, heapUsed } = Deno.memoryUsage();
  // The folder itself is open while its names are read.
  const descriptors = libc.list("/proc/self/fd").length - 1;
  const descriptorLimit = limitIn(libc.readText("/proc/self/limits"));
  return { residentBytes: rss, heapBytes: heapUsed, descriptors, descriptorLimit };
}

/** The soft limit in the text of `/proc/self/limits`. */
export function limitIn(text: string): number {
  const [, soft = ""] = /^Max open files +(\d+)/m.exec(text) ?? [];
  return soft === "" ? Infinity : Number(soft);
}
