// Who has a device open, from /proc: the first thing a technician asks when a port is busy.

import { type Libc } from "../../platform/libc.ts";
import { SystemError } from "../../platform/system_error.ts";

export interface DeviceHolder {
  /** Of its program, cut by the kernel to 15 characters. */
  readonly name: string;
  readonly pid: number;
}

/** Each other process that has the device open and that we may see. */
export function holdersOf(libc: Libc, path: string): DeviceHolder[] {
  const device = visible(() => libc.realPath(path));
  if (device === undefined) return [];
  const pids = libc.list("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== Deno.pid);
  return pids.filter((pid) => holds(libc, pid, device)).map((pid) => ({
    name: visible(() => libc.readText(`/proc/${pid}/comm`).trim()) ?? "a process",
    pid: Number(pid),
  }));
}

/** The same for people: `picocom (pid 1234)`. */
export function deviceHolders(libc: Libc, path: string): string[] {
  return holdersOf(libc, path).map(({ name, pid }) => `${name} (pid ${pid})`);
}

function holds(libc: Libc, pid: string, device: string): boolean {
  const descriptors = visible(() => libc.list(`/proc/${pid}/fd`)) ?? [];
  return descriptors.some((fd) => visible(() => libc.readLink(`/proc/${pid}/fd/${fd}`)) === device);
}

/** What `look` finds; nothing in another user's process, or where what it looks at has just gone. */
export function visible<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}
