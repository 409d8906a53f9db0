// A disk that stays full for as long as you like, with sixteen ports at 9600 baud: prints the
// collector's memory and what waits in it every half minute, and ends with an error when reading
// stood still or records are missing that were not told to be lost. Not a test: it takes its time.
//
//     MINUTES=60 deno task soak:disk-full              NATS takes the records meanwhile
//     MINUTES=60 NATS=away deno task soak:disk-full    NATS is away, too
//     MEMORY_TAIL_MB=4 …                               journal.memory_tail_mb, by default 24
//
// Needs root and mount, for a file system in memory that fills up.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { FedSite } from "../support/fed_site.ts";
import { MemoryFileSystem } from "../support/memory_file_system.ts";
import { ReadingWatch } from "../support/reading_watch.ts";
import { messageCount } from "../support/stream_contents.ts";

const minutes = Number(Deno.env.get("MINUTES") ?? 6);
const isAway = Deno.env.get("NATS") === "away";
const memoryTailMb = Number(Deno.env.get("MEMORY_TAIL_MB") ?? 24);

const ports = 16;
const bytesPerSecond = 960;
const recordBytes = 110;
const printMs = 30_000;
const lookMs = 100;
/** What the kernel holds of a port that is not read: longer, and bytes are lost on a real UART. */
const mostStillMs = 1000;

interface Sample {
  readonly seconds: number;
  readonly residentMb: number;
  readonly tailMb: number;
}

function residentMb(pid: number, what: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${what}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
}

function tailMb(folder: string): number {
  const sizes = readdirSync(folder).map((name) => {
    try {
      return statSync(`${folder}/${name}`).size;
    } catch {
      // It was given up between the two calls.
      return 0;
    }
  });
  return sizes.reduce((sum, size) => sum + size, 0) / 2 ** 20;
}

function summary(samples: readonly Sample[], highestMb: number): string {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined) return "no samples";
  const settled = samples.slice(Math.floor(samples.length / 2));
  const growth = settled.length < 2 ? 0 : (last.residentMb - (settled[0]?.residentMb ?? 0)) * 3600 /
    (last.seconds - (settled[0]?.seconds ?? 0));
  return `resident ${first.residentMb.toFixed(1)} MB when the disk was full, ` +
    `${last.residentMb.toFixed(1)} MB at the end, ${highestMb.toFixed(1)} MB at most; ` +
    `in the second half ${growth.toFixed(1)} MB an hour; tail ${last.tailMb.toFixed(1)} MB`;
}

async function soak(): Promise<boolean> {
  using disk = new MemoryFileSystem({ megabytes: 64 });
  await using fed = await FedSite.start({
    ports,
    rate: bytesPerSecond / (recordBytes + 2),
    recordBytes,
    logFolder: disk.join("log"),
    logging: { max_size_mb: 1, max_backups: 10_000 },
    journal: { min_free_mb: 0, memory_tail_mb: memoryTailMb },
  });
  if (isAway) await fed.server.kill();
  await fed.untilSent(20);
  disk.fill();
  await fed.untilSaid("capture goes on in memory");
  const { pid } = fed;
  using watch = new ReadingWatch(fed.site.terminals);
  const samples: Sample[] = [];
  const begunMs = performance.now();
  console.log(`${ports} ports, ${memoryTailMb} MB of memory, NATS ${isAway ? "away" : "there"}`);
  console.log("seconds  resident MB  tail MB    sent  delivered");
  for (let nextMs = 0; performance.now() - begunMs <= minutes * 60_000;) {
    const passedMs = performance.now() - begunMs;
    if (passedMs >= nextMs) {
      nextMs += printMs;
      const sample = {
        seconds: passedMs / 1000,
        residentMb: residentMb(pid, "VmRSS"),
        tailMb: tailMb(fed.site.folder.join("run", "tail")),
      };
      samples.push(sample);
      // What retention gave back is taken again: the disk stays full.
      disk.fill();
      const delivered = isAway ? "–" : await messageCount(fed.server.url, "cdr");
      const sent = fed.feeds.reduce((sum, feed) => sum + feed.sent.length, 0);
      const columns = [
        sample.seconds.toFixed(0).padStart(7),
        sample.residentMb.toFixed(1).padStart(11),
        sample.tailMb.toFixed(1).padStart(7),
        String(sent).padStart(6),
        String(delivered).padStart(9),
      ];
      console.log(columns.join("  "));
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  const highestMb = residentMb(pid, "VmHWM");
  console.log(summary(samples, highestMb));
  console.log(`a port was not read for ${Math.round(watch.longestMs)} ms at most`);
  disk.free();
  if (isAway) await fed.server.restart();
  await fed.assertAllIsWell({ onDisk: false, timeoutMs: 60_000 });
  const lost = fed.feeds.flatMap((_, port) => fed.losses(port));
  const count = lost.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  console.log(`told to be lost, and exactly that is missing: ${count} records`);
  return watch.longestMs <= mostStillMs;
}

if (!await soak()) {
  console.error(`reading stood still for more than ${mostStillMs} ms`);
  Deno.exit(1);
}
