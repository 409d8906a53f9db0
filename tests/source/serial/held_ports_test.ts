import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { Libc } from "../../../src/platform/libc.ts";
import { ServiceManager } from "../../../src/platform/service_manager.ts";
import { PseudoTerminal } from "../../../src/simulate/pseudo_terminal.ts";
import { type DescriptorKeeper, HeldPorts } from "../../../src/source/serial/held_ports.ts";
import { NotifyReceiver } from "../../support/notify_receiver.ts";
import { atOnce, newLoop, pattern, SerialReading } from "../../support/serial_reading.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { waitFor } from "../../support/wait_for.ts";

/** Keeps descriptors as systemd does: those that arrive at its socket, by their names. */
class Keeping implements Disposable {
  readonly folder = new TemporaryFolder();
  readonly libc = new Libc();
  readonly store = new Map<string, number>();
  readonly terminal: PseudoTerminal;
  readonly device: string;
  isEnding = false;
  readonly #receiver = new NotifyReceiver(this.folder.join("notify"));
  readonly #manager: ServiceManager;

  constructor() {
    this.device = this.folder.join("port");
    this.terminal = new PseudoTerminal({ libc: this.libc, link: this.device });
    this.#manager = new ServiceManager({
      libc: this.libc,
      environment: {
        get: (name) => name === "NOTIFY_SOCKET" ? this.#receiver.path : undefined,
        delete() {},
      },
      report: (notice) => assert.fail(notice.message),
    });
  }

  /** Those of a run of the service. */
  get ports(): HeldPorts {
    return new HeldPorts({ libc: this.libc, keeper: this.#keeper });
  }

  get #keeper(): DescriptorKeeper {
    const isEnding = (): boolean => this.isEnding;
    return {
      get isEnding() {
        return isEnding();
      },
      has: (device) => {
        this.receive();
        return this.store.has(`FDNAME=${encodeURIComponent(device)}`);
      },
      keep: (device, fd) => this.#manager.keep(device, fd),
      forget: (device) => this.#manager.forget(device),
      take: (device) => {
        this.receive();
        const fd = this.store.get(`FDNAME=${encodeURIComponent(device)}`) ?? null;
        this.store.clear();
        return fd;
      },
    };
  }

  receive(): void {
    for (;;) {
      const next = this.#receiver.take();
      if (next === null) return;
      const [what, name = ""] = next.lines;
      const [fd] = next.fds;
      const before = this.store.get(name);
      if (before !== undefined) this.libc.close(before);
      this.store.delete(name);
      if (what === "FDSTORE=1" && fd !== undefined) this.store.set(name, fd);
    }
  }

  [Symbol.dispose](): void {
    this.receive();
    for (const fd of this.store.values()) this.libc.close(fd);
    this.#manager[Symbol.dispose]();
    this.#receiver[Symbol.dispose]();
    this.terminal[Symbol.dispose]();
    this.libc[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}

Deno.test("a port that is kept open goes on where it stood, in the settings that it had", async () => {
  using bench = new Keeping();
  const { libc, device, terminal } = bench;
  await using loop = newLoop(libc);
  {
    await using first = new SerialReading({ libc, loop, device, ports: bench.ports });
    await terminal.write(pattern(2000));
    await first.received(2000);
    bench.isEnding = true;
    await first.source.stop();
    assert.equal(first.source.isKept, true);
  }
  bench.isEnding = false;
  assert.equal(terminal.settings().baud, 9600, "nothing is restored");
  await terminal.write(pattern(5000).subarray(2000));
  // Opened by its name it could not be found now.
  rmSync(device);
  await using second = new SerialReading({ libc, loop, device, ports: bench.ports });
  const received = await second.received(3000);
  assert.ok(received.equals(pattern(5000).subarray(2000)));
  assert.deepEqual(second.handler.events, ["opened 9600 8N1"]);
});

Deno.test("a port that is closed for good is let go, and given back as it was found", async () => {
  using bench = new Keeping();
  const { libc, device, terminal } = bench;
  await using loop = newLoop(libc);
  {
    await using first = new SerialReading({ libc, loop, device, ports: bench.ports });
    await first.event("opened", 1);
    bench.receive();
    assert.equal(bench.store.size, 1);
    await first.source.stop();
    assert.equal(first.source.isKept, false);
  }
  bench.receive();
  assert.equal(bench.store.size, 0);
  assert.equal(terminal.settings().baud, 38400);
});

Deno.test("a kept port whose device went away is opened by its name", async () => {
  using bench = new Keeping();
  const { libc, device } = bench;
  await using loop = newLoop(libc);
  {
    await using first = new SerialReading({ libc, loop, device, ports: bench.ports });
    await first.event("opened", 1);
    bench.isEnding = true;
  }
  bench.isEnding = false;
  bench.terminal.unplug();
  using replugged = new PseudoTerminal({ libc, link: device });
  await replugged.write(pattern(100));
  await using second = new SerialReading({ libc, loop, device, ports: bench.ports });
  assert.ok((await second.received(100)).equals(pattern(100)));
});

Deno.test("a port that is pulled is let go at once, so that it gets its name back", async () => {
  using bench = new Keeping();
  const { libc, device } = bench;
  await using loop = newLoop(libc);
  await using reading = new SerialReading({ libc, loop, device, ports: bench.ports });
  await reading.event("opened", 1);
  bench.receive();
  bench.terminal.unplug();
  await reading.event("closed", 1, atOnce);
  await waitFor("the port to be let go", () => {
    bench.receive();
    return bench.store.size === 0;
  });
});

Deno.test("a port that is left for the next reader loses nothing meanwhile; released, it is given back as it was found", async () => {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  const device = folder.join("port");
  using terminal = new PseudoTerminal({ libc, link: device });
  using ports = new HeldPorts({ libc });
  await using loop = newLoop(libc);
  await using first = new SerialReading({ libc, loop, device, ports });
  await terminal.write(pattern(1000));
  await first.received(1000);
  await first.source.leave();
  assert.equal(first.source.isKept, true);
  await terminal.write(pattern(3000).subarray(1000));
  await using second = new SerialReading({ libc, loop, device, ports });
  assert.ok((await second.received(2000)).equals(pattern(3000).subarray(1000)));
  assert.equal(ports.has(device), false);
  await second.source.leave();
  assert.equal(terminal.settings().baud, 9600);
  ports.release(device);
  assert.equal(terminal.settings().baud, 38400);
});

Deno.test("a port that was left, and pulled, is opened by its name", async () => {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  const device = folder.join("port");
  const terminal = new PseudoTerminal({ libc, link: device });
  using ports = new HeldPorts({ libc });
  await using loop = newLoop(libc);
  {
    await using first = new SerialReading({ libc, loop, device, ports });
    await first.event("opened", 1);
    await first.source.leave();
  }
  terminal.unplug();
  using replugged = new PseudoTerminal({ libc, link: device });
  await replugged.write(pattern(100));
  await using second = new SerialReading({ libc, loop, device, ports });
  assert.ok((await second.received(100)).equals(pattern(100)));
});
