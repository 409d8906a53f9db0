// What this process has open.

import { readdirSync } from "node:fs";

/** How many descriptors. */
export function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}
