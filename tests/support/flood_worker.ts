// The thread of a flood: a pseudo-terminal of its own that is written to as fast as its reader takes
// it, without leaving a gap in which the reader would find nothing.

import { symlinkSync, unlinkSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { Libc, O_NOCTTY, O_NONBLOCK, O_RDWR } from "../../src/platform/libc.ts";
import { Random } from "../../src/simulate/random.ts";
import type { FloodOrder, FloodPattern, FloodSignal } from "./flood.ts";

const TIOCGPTN = 0x80045430;
const TIOCSPTLCK = 0x40045431;
const POLLOUT = 0x004;

const chunkBytes = 64 * 1024;
const lineBytes = 8;
const waitMs = 20;
const lineFeed = 0x0a;

function chunkOf(pattern: FloodPattern, seed: number): Uint8Array<ArrayBuffer> {
  const random = new Random(seed);
  return Uint8Array.from({ length: chunkBytes }, (_, at) => {
    if (pattern === "garbage") return random.integer(0, 255);
    return pattern === "short lines" && at % lineBytes === lineBytes - 1 ? lineFeed : 0x78;
  });
}

async function flood({ link, pattern, seed, control }: FloodOrder): Promise<number> {
  using libc = new Libc();
  const master = libc.open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
  libc.ioctl(master, TIOCSPTLCK, new Uint8Array(4));
  const number = new Uint8Array(4);
  libc.ioctl(master, TIOCGPTN, number);
  const slave = `/dev/pts/${new DataView(number.buffer).getUint32(0, true)}`;
  // Held: bytes wait for the reader also while it has not opened its end.
  const held = libc.open(slave, O_RDWR | O_NOCTTY | O_NONBLOCK);
  symlinkSync(slave, link);
  parentPort?.postMessage("plugged");
  const signal = new Int32Array(control);
  const wanted = (): FloodSignal => (["wait", "flood", "end"] as const)[signal[0] ?? 0] ?? "end";
  const chunk = chunkOf(pattern, seed);
  const pollfd = new Uint8Array(8);
  new DataView(pollfd.buffer).setInt32(0, master, true);
  new DataView(pollfd.buffer).setInt16(4, POLLOUT, true);
  let sent = 0;
  while (wanted() !== "end") {
    if (wanted() === "wait" || await libc.poll(pollfd, waitMs) === 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      continue;
    }
    const count = libc.write(master, chunk.subarray(sent % chunkBytes));
    if (count !== "would block") sent += count;
    signal[1] = Math.floor(sent / 1024);
  }
  unlinkSync(link);
  libc.close(held);
  libc.close(master);
  return sent;
}

if (parentPort !== null) parentPort.postMessage(await flood(workerData));
