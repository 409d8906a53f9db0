import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { Libc, O_RDONLY } from "../../src/platform/libc.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { ServiceManager } from "../../src/platform/service_manager.ts";
import { NotifyReceiver, type ReceivedNotice } from "../support/notify_receiver.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

const pid = 555;

class Bench implements Disposable {
  readonly folder = new TemporaryFolder();
  readonly libc = new Libc();
  readonly notices: Notice[] = [];
  readonly environment = new Map<string, string>();
  readonly receiver: NotifyReceiver;

  constructor(path = this.folder.join("notify")) {
    this.receiver = new NotifyReceiver(path);
    this.environment.set("NOTIFY_SOCKET", path);
  }

  manager(): ServiceManager {
    const { libc, environment } = this;
    return new ServiceManager({
      libc,
      environment: {
        get: (name) => environment.get(name),
        delete: (name) => environment.delete(name),
      },
      pid,
      report: (notice) => this.notices.push(notice),
    });
  }

  taken(): ReceivedNotice[] {
    const all: ReceivedNotice[] = [];
    for (;;) {
      const next = this.receiver.take();
      if (next === null) return all;
      all.push(next);
    }
  }

  [Symbol.dispose](): void {
    this.receiver[Symbol.dispose]();
    this.libc[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}

for (const path of [undefined, `@nectarcollector-test-${crypto.randomUUID()}`]) {
  Deno.test(`systemd hears how the service is, on ${path === undefined ? "a path" : "an abstract name"}`, () => {
    using bench = new Bench(path);
    using manager = bench.manager();
    manager.ready();
    manager.status("16 channels,\n3 records/s");
    manager.alive();
    manager.reloading();
    manager.stopping();
    assert.deepEqual(bench.taken().map(({ lines }) => lines), [
      ["READY=1"],
      ["STATUS=16 channels, 3 records/s"],
      ["WATCHDOG=1"],
      ["RELOADING=1"],
      ["STOPPING=1"],
    ]);
  });
}

Deno.test("a descriptor given into keeping arrives as one of the same file", () => {
  using bench = new Bench();
  using manager = bench.manager();
  const path = bench.folder.join("port");
  writeFileSync(path, "555-0142");
  const fd = bench.libc.open(path, O_RDONLY);
  manager.keep("/dev/serial/by-path/pci-0000:00:14.0", fd);
  bench.libc.close(fd);
  const [forgotten, kept] = bench.taken();
  const name = "FDNAME=%2Fdev%2Fserial%2Fby-path%2Fpci-0000%3A00%3A14.0";
  assert.deepEqual(forgotten, { lines: ["FDSTOREREMOVE=1", name], fds: [] });
  assert.deepEqual(kept?.lines, ["FDSTORE=1", name]);
  const [copy = -1] = kept.fds;
  const bytes = new Uint8Array(20);
  assert.equal(bench.libc.read(copy, bytes), 8);
  assert.equal(new TextDecoder().decode(bytes.subarray(0, 8)), "555-0142");
  bench.libc.close(copy);
});

Deno.test("what systemd has kept is taken over once, by name, and reaches no child", () => {
  using bench = new Bench();
  // Descriptor 3 of this very process is open, whatever it is.
  const flags = (): number =>
    parseInt(/flags:\s*(\d+)/.exec(readFileSync("/proc/self/fdinfo/3", "utf8"))?.[1] ?? "", 8);
  bench.environment.set("LISTEN_PID", `${pid}`).set("LISTEN_FDS", "1")
    .set("LISTEN_FDNAMES", "%2Fdev%2FttyS0");
  using manager = bench.manager();
  assert.ok(flags() & 0o2000000, "closed on exec");
  assert.equal(manager.take("/dev/ttyS1"), null);
  assert.equal(manager.take("/dev/ttyS0"), 3);
  assert.equal(manager.take("/dev/ttyS0"), null);
  assert.deepEqual([...bench.environment.keys()], [], "children are told nothing");
});

Deno.test("what is meant for another process is left alone", () => {
  using bench = new Bench();
  bench.environment.set("LISTEN_PID", "1").set("LISTEN_FDS", "1").set("LISTEN_FDNAMES", "a")
    .set("WATCHDOG_USEC", "60000000").set("WATCHDOG_PID", "1");
  using manager = bench.manager();
  assert.equal(manager.take("a"), null);
  assert.equal(manager.watchdogMs, null);
});

Deno.test("the watchdog's time is told", () => {
  using bench = new Bench();
  bench.environment.set("WATCHDOG_USEC", "60000000").set("WATCHDOG_PID", `${pid}`);
  using manager = bench.manager();
  assert.equal(manager.watchdogMs, 60_000);
});

Deno.test("without systemd nothing is told, and nothing fails", () => {
  using bench = new Bench();
  bench.environment.clear();
  using manager = bench.manager();
  manager.ready();
  manager.keep("/dev/ttyS0", 1);
  manager.stopping();
  assert.equal(manager.isEnding, false, "nobody holds the ports open: they are closed for good");
  assert.equal(manager.watchdogMs, null);
  assert.deepEqual(bench.taken(), []);
  assert.deepEqual(bench.notices, []);
});

Deno.test("a socket that does not take it is told once, not at every beat", () => {
  using bench = new Bench();
  using manager = bench.manager();
  rmSync(bench.receiver.path);
  for (let i = 0; i < 3; i++) manager.alive();
  assert.deepEqual(bench.notices.map(({ kind }) => kind), ["systemd_not_told"]);
});
