// Waiting for what was sent down a wire to arrive in the virtual machine.

import { countedSince, type LineCounters } from "../../src/source/serial/line_counters.ts";
import { pattern } from "../support/serial_reading.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";
import type { ProbeClient } from "./probe_client.ts";

const slow = { timeoutMs: 60_000, intervalMs: 50 };

/** Bytes in which a lost, doubled or swapped stretch shows, and that arrive as they are: no FF. */
export function unmarked(length: number): Uint8Array {
  return pattern(length).map((byte) => byte & 0x7f);
}

/** What the probe has read when it has read `length` bytes or more. */
export async function readBytes(probe: ProbeClient, length: number): Promise<number[]> {
  const bytes: number[] = [];
  await waitFor(`${length} bytes`, async () => {
    for (const byte of await probe.call("read")) bytes.push(byte);
    return bytes.length >= length;
  }, slow);
  return bytes;
}

/** What the driver has counted since `before`. */
export async function countedNow(probe: ProbeClient, before: LineCounters): Promise<LineCounters> {
  return countedSince(before, await probe.call("counters"));
}

/** The same, when `accept` takes it. */
export async function counted(
  probe: ProbeClient,
  before: LineCounters,
  what: string,
  accept: (counted: LineCounters) => boolean,
): Promise<LineCounters> {
  return await waitForValue(what, () => countedNow(probe, before), accept, slow);
}

/** A value that the machine comes to. */
export async function settled<T>(
  what: string,
  probe: () => Promise<T>,
  accept: (value: T) => boolean,
): Promise<T> {
  return await waitForValue(what, probe, accept, slow);
}
