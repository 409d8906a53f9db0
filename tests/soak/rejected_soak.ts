// Credentials that the server rejects for as long as you like, while records come in: prints every
// half minute how often the collector was rejected, what escaped the NATS client and the memory. At
// the end the right password is put in the file, and everything has to be delivered, once and in
// order, within a minute. Not a test: it takes its time.
//
//     MINUTES=120 deno task soak:rejected
//     PAUSE_MS=200 …                               pause between attempts, by default 500

import { RejectedSite } from "../support/rejected_site.ts";

const minutes = Number(Deno.env.get("MINUTES") ?? 6);
const pauseMs = Number(Deno.env.get("PAUSE_MS") ?? 500);
const recordsPerSecond = 5;
const printMs = 30_000;
/** What the collector may grow by. */
const allowedMb = 32;

await using site = await RejectedSite.start({ rate: recordsPerSecond, pauseMs });
const begunMs = performance.now();
const resident: number[] = [];
console.log("seconds  connections  stray errors  resident MB  records");
while (performance.now() - begunMs <= minutes * 60_000) {
  resident.push(site.residentMb);
  const columns = [
    ((performance.now() - begunMs) / 1000).toFixed(0).padStart(7),
    String(await site.connections()).padStart(11),
    String(site.strayErrors).padStart(12),
    site.residentMb.toFixed(1).padStart(11),
    String(site.fed.site.records(0).length).padStart(7),
  ];
  console.log(columns.join("  "));
  await new Promise((resolve) => setTimeout(resolve, printMs));
}
site.admit();
const admittedMs = performance.now();
await site.fed.assertAllIsWell({ timeoutMs: 60_000 });
const healedSec = ((performance.now() - admittedMs) / 1000).toFixed(1);
console.log(`with the right password everything was delivered once, stopped ${healedSec} s later`);
const settled = resident.slice(Math.floor(resident.length / 4));
const grownMb = Math.max(...settled) - (settled[0] ?? 0);
console.log(`resident memory grew by ${grownMb.toFixed(1)} MB at most after the first quarter`);
if (grownMb > allowedMb) {
  console.error(`that is more than ${allowedMb} MB`);
  Deno.exit(1);
}
