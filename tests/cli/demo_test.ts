import assert from "node:assert/strict";
import { collectorCommand } from "../support/collector_process.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

/** Runs the demo as its own process; figures of the summary by name. */
async function runDemo(
  args: readonly string[],
  env: Record<string, string>,
  interruptAfter?: string,
): Promise<{ readonly code: number; readonly text: string; readonly books: Map<string, number> }> {
  const [command = "", ...commandArgs] = collectorCommand();
  const allArgs = commandArgs.flatMap((arg) =>
    arg === "--allow-sys" ? ["--allow-sys", "--allow-run"] : [arg]
  );
  const child = new Deno.Command(command, {
    args: [...allArgs, "demo", ...args],
    stdout: "piped",
    stderr: "inherit",
    env,
  }).spawn();
  let text = "";
  let interrupted = false;
  for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (interruptAfter !== undefined && !interrupted && text.includes(interruptAfter)) {
      interrupted = true;
      child.kill("SIGINT");
    }
  }
  const { code } = await child.status;
  const figures = [...text.matchAll(/^(\w+) +(\d+)/gm)];
  return { code, text, books: new Map(figures.map(([, name, n]) => [name ?? "", Number(n)])) };
}

/** Deno's own cache, which must not move with the cache that is searched for a nats-server. */
function denoFolder(): string {
  const caches = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`;
  return Deno.env.get("DENO_DIR") ?? `${caches}/deno`;
}

requires(natsServer).test("demo: everything sent is journaled and delivered, once", async () => {
  using folder = new TemporaryFolder();
  const { code, text, books } = await runDemo(["--seconds", "2"], { TMPDIR: folder.path });
  assert.equal(code, 0, text);
  const sent = books.get("sent") ?? 0;
  assert.ok(sent > 0);
  assert.equal(books.get("journaled"), sent);
  assert.equal(books.get("delivered"), sent);
  assert.equal(books.get("lost"), 0);
  assert.equal(books.get("duplicates"), 0);
  assert.match(text, /\[1429010002\]\[A1\]\[/);
});

requires(natsServer).test("demo: Ctrl-C ends it with the same summary", async () => {
  using folder = new TemporaryFolder();
  const { code, text, books } = await runDemo([], { TMPDIR: folder.path }, "[1429010002][A2]");
  assert.equal(code, 0, text);
  assert.equal(books.get("lost"), 0);
});

Deno.test("demo: without a nats-server it says so and keeps the records in the journals", async () => {
  using folder = new TemporaryFolder();
  const { code, text, books } = await runDemo(["--seconds", "2"], {
    TMPDIR: folder.path,
    XDG_CACHE_HOME: folder.path,
    DENO_DIR: denoFolder(),
    PATH: folder.path,
    NATS_SERVER: "",
  });
  assert.equal(code, 0, text);
  assert.match(text, /no nats-server: records are kept in the journals only/);
  assert.match(text, /apt install nats-server/);
  assert.ok((books.get("journaled") ?? 0) > 0);
  assert.equal(books.get("lost"), 0);
});

Deno.test("demo: a time that is no number is refused with the reason", async () => {
  const { code } = await runDemo(["--seconds", "soon"], {});
  assert.equal(code, 2);
});
