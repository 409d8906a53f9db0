import assert from "node:assert/strict";
import { chmodSync, rmSync } from "node:fs";
import { socketIn } from "../../src/control/control_place.ts";
import { ControlServer } from "../../src/control/control_server.ts";
import { ownStatus } from "../../src/control/service_status.ts";
import { versionText } from "../../src/platform/build.ts";
import { Libc } from "../../src/platform/libc.ts";
import { PseudoTerminal } from "../../src/simulate/pseudo_terminal.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { configPath } from "../../src/install/installation.ts";
import { packagedExecutablePath, systemFiles } from "../../src/install/system_files.ts";
import { DoctorBox, lineOf } from "../support/doctor_box.ts";
import { untilSettledAsNobody } from "../support/effective_user.ts";
import { requires, root } from "../support/requirements.ts";

const { test: asRoot } = requires(root);

/** A box whose service answers, or does not, in a folder that is named as systemd names it. */
class ServiceBox extends DoctorBox {
  readonly runtime = this.path("/run/nectarcollector");
  readonly #before = Deno.env.get("RUNTIME_DIRECTORY");

  constructor() {
    super();
    this.configure([]);
    Deno.env.set("RUNTIME_DIRECTORY", this.runtime);
  }

  answer(status: () => unknown): ControlServer {
    const server = ControlServer.open({
      folder: this.runtime,
      configFile: configPath,
      commands: { status: () => Promise.resolve(status()) },
      clock: systemClock,
      report: ({ message }) => assert.fail(message),
    });
    if (server === null) throw new Error("the socket was refused");
    return server;
  }

  async lines(): Promise<string[]> {
    return (await this.findings("service")).map(lineOf);
  }

  override [Symbol.dispose](): void {
    if (this.#before === undefined) Deno.env.delete("RUNTIME_DIRECTORY");
    else Deno.env.set("RUNTIME_DIRECTORY", this.#before);
    super[Symbol.dispose]();
  }
}

const nothing = { channels: [], sinks: [], conditions: [] };
const unit = "/etc/systemd/system/nectarcollector.service";
const stopped = "error service: it does not run because it was stopped, or it ended by itself: " +
  "journalctl -u nectarcollector -n 50 tells → sudo systemctl start nectarcollector";

Deno.test("doctor: where no service is installed, none is missed", async () => {
  using box = new ServiceBox();
  assert.deepEqual(await box.lines(), [
    "ok service: none is installed, and none runs on this configuration",
  ]);
});

Deno.test("doctor: a service that is installed as shipped is well, and an error when it does not run", async () => {
  using box = new ServiceBox();
  box.install();
  assert.deepEqual(await box.lines(), [stopped, `ok service: installed: ${unit}`]);
});

Deno.test("doctor: a unit that was changed, and what is missing of an installation, is told", async () => {
  using box = new ServiceBox();
  box.install();
  box.put(unit, `${Deno.readTextFileSync(box.path(unit))}# by hand\n`);
  rmSync(box.path("/etc/udev/rules.d/70-nectarcollector.rules"));
  rmSync(box.path("/usr/local/bin/nectarcollector"));
  rmSync(box.path("/etc/systemd/system/multi-user.target.wants"), { recursive: true });
  box.put("/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
  const found = (await box.findings("service")).slice(1)
    .map(({ level, message, hint }) => `${level} ${message} → ${hint}`);
  const install = "sudo nectarcollector install";
  assert.deepEqual(found, [
    `error /usr/local/bin/nectarcollector is not there → ${install}`,
    `error the user nectarcollector is not there → ${install}`,
    `warning /etc/udev/rules.d/70-nectarcollector.rules is missing → ${install}`,
    `warning ${unit} is not as shipped → ${install}`,
    "warning it does not start with the machine → sudo systemctl enable nectarcollector",
  ]);
});

Deno.test("doctor: a service that is masked is an error, with what unmasks it", async () => {
  using box = new ServiceBox();
  box.install();
  rmSync(box.path(unit));
  box.link(unit, "/dev/null");
  assert.deepEqual((await box.lines()).slice(1), [
    "error service: it is masked: nobody can start it → sudo systemctl unmask nectarcollector && " +
    "sudo nectarcollector install",
  ]);
});

Deno.test("doctor: a unit that does not allow what the configuration needs is an error", async () => {
  using box = new ServiceBox();
  box.install();
  box.configure([], {
    logging: { base_path: "/data/log" },
    journal: { state_path: "/data/state" },
  });
  const site = "/etc/systemd/system/nectarcollector.service.d/50-site.conf";
  assert.deepEqual((await box.lines()).slice(1), [
    `error service: the unit does not allow what this configuration needs: ${site} is missing ` +
    "because a folder or a port was changed in the configuration since it was installed " +
    "→ sudo nectarcollector install",
  ]);
});

Deno.test("doctor: a running service tells how it is, and its version is compared", async () => {
  using box = new ServiceBox();
  {
    await using _server = box.answer(() => ownStatus(nothing));
    assert.deepEqual(await box.lines(), [
      `ok service: it runs: pid ${Deno.pid}; 0 of 0 channels running`,
    ]);
  }
  await using _older = box.answer(() => ({
    ...ownStatus(nothing),
    version: "0.0.9",
    conditions: ["A1: 5 restarts in a row"],
  }));
  assert.deepEqual(await box.lines(), [
    `warning service: it runs version 0.0.9, and this program is ${versionText()} because it was ` +
    "not started anew since the upgrade, or there are two executables " +
    "→ sudo systemctl restart nectarcollector",
    "warning service: A1: 5 restarts in a row → journalctl -u nectarcollector --since -1h",
  ]);
});

Deno.test("doctor: a port that the running service does not hear, or does not know, is told", async () => {
  using box = new ServiceBox();
  using libc = new Libc();
  using terminals = new DisposableStack();
  for (const name of ["ttyS0", "ttyS1", "ttyS2"]) {
    box.link(`/dev/${name}`, terminals.use(new PseudoTerminal({ libc })).path);
  }
  box.configure(["/dev/ttyS0", "/dev/ttyS1", "/dev/ttyS2"]);
  const channel = (source: string, state: string, detail: string): unknown => ({
    name: "1429010002-A1",
    source,
    state,
    detail,
    records: 3,
  });
  await using _server = box.answer(() => ({
    ...ownStatus(nothing),
    channels: [
      channel("/dev/ttyS0", "running", "9600 8N1"),
      channel("/dev/ttyS1", "no_signal", "DSR went off"),
    ],
  }));
  assert.deepEqual((await box.findings("/dev/ttyS")).map(lineOf), [
    "ok A1 /dev/ttyS0: the service reads it: running, 9600 8N1",
    "warning A2 /dev/ttyS1: the service does not hear it: no_signal, DSR went off because the " +
    "cable is out, or the equipment is off → journalctl -u nectarcollector --since -1h",
    "warning A3 /dev/ttyS2: the running service does not know it because it was written into the " +
    "configuration since, and not taken → sudo nectarcollector reload",
  ]);
});

Deno.test("doctor: a service of a version that cannot be asked is told to be started anew", async () => {
  using box = new ServiceBox();
  await using _server = box.answer(() => ({ something: "else" }));
  assert.match(
    (await box.lines())[0] ?? "",
    /^warning .*another version.*→ sudo systemctl restart /,
  );
});

Deno.test("doctor: a service that hangs is an error, and is not waited for", async () => {
  using box = new ServiceBox();
  Deno.mkdirSync(box.runtime, { recursive: true });
  using _mute = Deno.listen({ transport: "unix", path: socketIn(box.runtime) });
  // Its time is over at once.
  box.machine = {
    ...box.machine,
    clock: { ...systemClock, delay: () => new Promise((resolve) => setTimeout(resolve, 50)) },
  };
  assert.match(
    (await box.lines())[0] ?? "",
    /^error service: ask .*does not answer because it hangs/,
  );
});

asRoot(
  "doctor: another user than root is told what only root sees, and that is no fault",
  async () => {
    using box = new ServiceBox();
    box.install();
    await using _server = box.answer(() => ownStatus(nothing));
    chmodSync(box.path(configPath), 0o600);
    box.machine = { ...box.machine, seesAll: false };
    const { outLines, exitCode } = await untilSettledAsNobody(() => box.run());
    assert.equal(exitCode, 2, outLines.join("\n"));
    const text = outLines.join("\n");
    assert.match(
      text,
      /not seen {2}configuration: \/etc\/nectarcollector\/config\.json: only root and the/,
    );
    assert.match(text, /not seen {2}service: how it is running\n +→ sudo nectarcollector doctor\n/);
    assert.match(text, /ok {8}service: installed: /);
    assert.equal(outLines.at(-1), "all is well; 2 not seen by this user");
  },
);

Deno.test("doctor: a package's files are compared where a package puts them", async () => {
  using box = new ServiceBox();
  const files = systemFiles(packagedExecutablePath);
  for (const { packagedPath, text } of files) box.put(packagedPath, text);
  box.put(packagedExecutablePath, "");
  box.link("/etc/systemd/system/multi-user.target.wants/nectarcollector.service", "x");
  assert.deepEqual((await box.lines()).slice(1), [
    "ok service: installed: /usr/lib/systemd/system/nectarcollector.service",
  ]);
  box.put(files[0]?.packagedPath ?? "", "changed");
  assert.match(
    (await box.lines())[1] ?? "",
    /not as shipped .* → sudo apt-get install --reinstall /,
  );
});
