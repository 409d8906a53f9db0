import assert from "node:assert/strict";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { CommandProcess } from "../support/command_process.ts";
import { DoctorBox } from "../support/doctor_box.ts";
import { requires } from "../support/requirements.ts";
import { Site } from "../support/site.ts";
import { waitFor } from "../support/wait_for.ts";

requires(natsServer).test(
  "doctor: the exit code is 0 when all is well, 1 with a warning, 2 when the file does not check",
  async () => {
    using box = new DoctorBox();
    await using server = await NatsServer.start({
      program: natsProgram,
      storeFolder: box.path("/nats"),
    });
    const nats = { url: server.url, subject_prefix: "ut.cdr" };
    box.configure([], { nats });
    const well = await box.run();
    assert.equal(well.exitCode, 0, well.outLines.join("\n"));
    assert.equal(well.outLines.at(-1), "all is well");
    assert.deepEqual(well.errLines, []);
    box.machine = {
      ...box.machine,
      kernelTime: () => ({ isSynchronised: false, maxErrorMs: 16_000 }),
    };
    const warned = await box.run();
    assert.equal(warned.exitCode, 1);
    assert.equal(warned.outLines.at(-1), "1 warning");
    box.configure([], { nats: { ...nats, url: "http://hub" } });
    const refused = await box.run();
    assert.equal(refused.exitCode, 2);
    assert.equal(refused.outLines.at(-1), "1 error, 1 warning");
  },
);

Deno.test("doctor: without a configuration the rest is looked at all the same", async () => {
  using box = new DoctorBox();
  box.install();
  const { exitCode, outLines } = await box.run();
  assert.equal(exitCode, 2);
  const text = outLines.join("\n");
  assert.match(text, /ERROR {5}configuration: .*there is no such file/);
  assert.match(text, /→ sudo nectarcollector install --fips 1429010002\n/);
  assert.match(text, /ok {8}clock: synchronised/);
  assert.match(
    text,
    /ERROR {5}service: it does not run\n.*its configuration does not check.*\n +→ mend the config/,
  );
});

Deno.test("doctor: --json prints every finding with the same keys, and a version", async () => {
  using box = new DoctorBox();
  box.configure(["/dev/ttyUSB0"]);
  const { version, ok, level, findings } = await box.report();
  assert.deepEqual([version, ok, level], [1, false, "error"]);
  assert.ok(findings.length > 4);
  for (const finding of findings) {
    assert.deepEqual(Object.keys(finding), ["level", "subject", "message", "cause", "hint"]);
  }
});

Deno.test("doctor: an examination that fails stops no other, and is told", async () => {
  using box = new DoctorBox();
  box.configure([]);
  const kernelTime = (): never => {
    throw new Error("no clock");
  };
  box.machine = { ...box.machine, kernelTime };
  const { findings } = await box.report();
  const last = findings.at(-1);
  assert.deepEqual([last?.level, last?.message], [
    "unseen",
    "it could not be looked at: no clock",
  ]);
  assert.ok(findings.length > 3);
});

Deno.test("doctor: beside a running service it leaves the ports alone, and tells what the service does", async () => {
  await using site = new Site({ ports: 2, portKeys: { idle_flush_ms: 60_000 } });
  site.useServer("nats://localhost:1");
  await site.collector.start();
  const look = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
    const env = { RUNTIME_DIRECTORY: site.folder.join("run") };
    await using doctor = new CommandProcess("doctor", [
      "--config",
      site.folder.join("config.json"),
      ...args,
    ], env);
    return await doctor.end();
  };
  const first = site.terminals[0];
  await first?.write(new TextEncoder().encode("half a "));
  await waitFor("half a record", () => site.logText(0).includes("half a "));
  const { code, out, err } = await look("--json");
  await first?.write(new TextEncoder().encode("record\r\n"));
  await waitFor("the record", () => site.logText(0).endsWith("half a record\n"));
  assert.deepEqual(site.records(0), ["half a record"]);
  assert.equal(code, 1, "no server is there");
  assert.equal(err, "");
  const findings: { level: string; subject: string; message: string }[] = JSON.parse(out).findings;
  const about = (subject: string): string[] =>
    findings.filter((each) => each.subject.startsWith(subject))
      .map(({ level, message }) => `${level} ${message}`);
  // The one at the other end of the cable has them open as well, and is named; the service is not.
  const stranger = `error in use by deno (pid ${Deno.pid})`;
  assert.deepEqual([about("A1"), about("A2")], [[stranger], [stranger]]);
  assert.match(about("service").join(), /^ok it runs: pid \d+; 2 of 2 channels running; nats /);
});

Deno.test("doctor: its help has examples first, and the exit codes", async () => {
  await using doctor = new CommandProcess("doctor", ["--help"]);
  const { code, out } = await doctor.end();
  assert.equal(code, 0);
  assert.match(out, /^Examples:\n(.*\n)+\nUsage: /);
  assert.match(out, /Exit codes: 0 all is well, 1 something was found.*2 the configuration/s);
});
