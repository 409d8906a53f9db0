import assert from "node:assert/strict";
import { askService, NobodyAnswers } from "../../src/control/control_client.ts";
import { socketIn } from "../../src/control/control_place.ts";
import { ControlServer } from "../../src/control/control_server.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

/** A service's socket in a folder that is named as systemd names it. */
class Bench implements AsyncDisposable {
  readonly folder = new TemporaryFolder();
  readonly runtime = this.folder.join("run");
  readonly configFile = this.folder.join("config.json");
  readonly notices: Notice[] = [];
  server: ControlServer | null = null;
  readonly #before = Deno.env.get("RUNTIME_DIRECTORY");

  constructor() {
    Deno.env.set("RUNTIME_DIRECTORY", this.runtime);
    Deno.writeTextFileSync(this.configFile, "{}");
  }

  open(): ControlServer | null {
    return this.server = ControlServer.open({
      folder: this.runtime,
      configFile: this.configFile,
      commands: {
        reload: () => Promise.resolve({ done: ["ü", 1] }),
        fail: () => Promise.reject(new Error("mend it: in vain")),
      },
      clock: systemClock,
      report: (notice) => this.notices.push(notice),
    });
  }

  ask(command: string, configFile = this.configFile): ReturnType<typeof askService> {
    return askService(command, { configFile, isNamed: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server?.[Symbol.asyncDispose]();
    if (this.#before === undefined) Deno.env.delete("RUNTIME_DIRECTORY");
    else Deno.env.set("RUNTIME_DIRECTORY", this.#before);
    this.folder[Symbol.dispose]();
  }
}

Deno.test("ControlServer: a command is done and its result answered, or what it threw", async () => {
  await using bench = new Bench();
  bench.open();
  assert.deepEqual(await bench.ask("reload"), { v: 1, ok: true, result: { done: ["ü", 1] } });
  const failed = await bench.ask("fail");
  assert.ok(!failed.ok && failed.error === "mend it: in vain", JSON.stringify(failed));
  const unknown = await bench.ask("dance");
  assert.match(unknown.ok ? "" : unknown.error, /does not know "dance"/);
});

Deno.test("ControlServer: only its own user and root reach the socket", async () => {
  await using bench = new Bench();
  const umask = Deno.umask(0);
  try {
    bench.open();
    assert.equal(Deno.umask(), 0, "what others make is not touched by it");
  } finally {
    Deno.umask(umask);
  }
  assert.equal((Deno.statSync(socketIn(bench.runtime)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("ControlServer: whoever means another configuration file is sent away", async () => {
  await using bench = new Bench();
  bench.open();
  const answer = await bench.ask("reload", bench.folder.join("other.json"));
  assert.match(answer.ok ? "" : answer.error, /it runs on .*config\.json/);
  Deno.symlinkSync(bench.configFile, bench.folder.join("link.json"));
  assert.equal((await bench.ask("reload", bench.folder.join("link.json"))).ok, true);
});

Deno.test("ControlServer: it takes the place of a socket that a dead service has left", async () => {
  await using bench = new Bench();
  Deno.mkdirSync(bench.runtime);
  const path = socketIn(bench.runtime);
  const dead = Deno.listen({ transport: "unix", path: `${path}.dead` });
  // Newer versions of Deno would take it away.
  Deno.renameSync(`${path}.dead`, path);
  dead.close();
  assert.ok(Deno.statSync(path).isSocket, "it is left");
  await assert.rejects(bench.ask("reload"), NobodyAnswers);
  bench.open();
  assert.equal((await bench.ask("reload")).ok, true);
});

Deno.test("ControlServer: closed, it leaves nothing behind, and whoever asks is told what to do", async () => {
  await using bench = new Bench();
  bench.open();
  await bench.server?.[Symbol.asyncDispose]();
  bench.server = null;
  assert.throws(() => Deno.statSync(socketIn(bench.runtime)), Deno.errors.NotFound);
  await assert.rejects(bench.ask("reload"), (error) => {
    assert.ok(error instanceof NobodyAnswers);
    assert.match(error.hint, /systemctl start/);
    return true;
  });
});

Deno.test("ControlServer: whoever asks one that hangs gives up when told to, with a reason", async () => {
  await using bench = new Bench();
  Deno.mkdirSync(bench.runtime);
  using mute = Deno.listen({ transport: "unix", path: socketIn(bench.runtime) });
  const stop = new AbortController();
  const asking = askService("status", {
    configFile: bench.configFile,
    isNamed: true,
    signal: stop.signal,
  });
  using _taken = await mute.accept();
  stop.abort();
  await assert.rejects(asking, (error) => {
    assert.ok(error instanceof NobodyAnswers);
    assert.match(error.message, /is there and does not answer$/);
    return true;
  });
});

Deno.test("ControlServer: nonsense, silence and many connections keep nobody else from asking", async () => {
  await using bench = new Bench();
  bench.open();
  const path = socketIn(bench.runtime);
  const silent: Deno.UnixConn[] = [];
  for (let i = 0; i < 7; i++) silent.push(await Deno.connect({ transport: "unix", path }));
  const loud = await Deno.connect({ transport: "unix", path });
  await loud.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  const answer = new Uint8Array(200);
  const count = await loud.read(answer) ?? 0;
  assert.match(new TextDecoder().decode(answer.subarray(0, count)), /"ok":false.*not understood/);
  loud.close();
  assert.equal((await bench.ask("reload")).ok, true);
  for (const connection of silent) connection.close();
});

Deno.test("ControlServer: a folder that cannot be used is told, and keeps nobody from running", async () => {
  await using bench = new Bench();
  Deno.writeTextFileSync(bench.runtime, "a file stands there");
  assert.equal(bench.open(), null);
  assert.equal(bench.notices[0]?.kind, "control_refused");
});
