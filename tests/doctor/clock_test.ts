import assert from "node:assert/strict";
import { type KernelTime, kernelTime } from "../../src/platform/kernel_clock.ts";
import { differenceFindings } from "../../src/doctor/clock.ts";
import { DoctorBox, lineOf } from "../support/doctor_box.ts";

async function told(box: DoctorBox, time: KernelTime | null): Promise<string> {
  box.machine = { ...box.machine, kernelTime: () => time };
  return (await box.findings("clock")).map(lineOf).join("\n");
}

Deno.test("doctor: a clock that nobody keeps right is a warning, with what does", async () => {
  using box = new DoctorBox();
  box.configure([]);
  assert.equal(
    await told(box, { isSynchronised: true, maxErrorMs: 20.4 }),
    "ok clock: synchronised; it is off by 21 ms at most",
  );
  const astray = { isSynchronised: false, maxErrorMs: 16_000 };
  assert.match(
    await told(box, astray),
    /^warning clock: nobody keeps it right.*→ sudo apt-get install systemd-timesyncd$/,
  );
  box.link("/etc/systemd/system/sysinit.target.wants/systemd-timesyncd.service", "x");
  assert.match(await told(box, astray), /→ see which server it has: timedatectl timesync-status$/);
  box.link("/etc/systemd/system/multi-user.target.wants/chrony.service", "x");
  assert.match(
    await told(box, { isSynchronised: true, maxErrorMs: 2000 }),
    /^warning .*not lately; /,
  );
  assert.match(await told(box, null), /^unseen clock: the kernel does not tell/);
});

Deno.test("doctor: a clock that differs from a server's is told, and by how much", () => {
  assert.deepEqual(differenceFindings("nats", 4000), []);
  assert.deepEqual(differenceFindings("nats", NaN), [], "an older server tells no time");
  assert.match(
    differenceFindings("nats", 600_000).map(lineOf).join(),
    /^warning clock: it is 600 seconds behind the server's because .*the server of nats →/,
  );
  assert.match(
    differenceFindings("nats", -6000).map(lineOf).join(),
    /6 seconds ahead of the server/,
  );
});

Deno.test("kernelTime() tells what ntp_gettime(3) tells", () => {
  const symbols = { ntp_gettime: { parameters: ["buffer"], result: "i32" } } as const;
  const library = Deno.dlopen("libc.so.6", symbols);
  // struct ntptimeval: the time, then how far it may be off at most, in microseconds.
  const told = new Uint8Array(72);
  const state = library.symbols.ntp_gettime(told);
  library.close();
  const maxErrorMs = Number(new DataView(told.buffer).getBigInt64(16, true)) / 1000;
  const found = kernelTime();
  assert.equal(found?.isSynchronised, state !== 5);
  // It grows by half a millisecond a second.
  assert.ok(Math.abs((found?.maxErrorMs ?? 0) - maxErrorMs) < 10, `${maxErrorMs}`);
});
