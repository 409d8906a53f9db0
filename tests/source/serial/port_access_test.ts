import assert from "node:assert/strict";
import { chmodSync, chownSync } from "node:fs";
import { Libc } from "../../../src/platform/libc.ts";
import { PseudoTerminal } from "../../../src/simulate/pseudo_terminal.ts";
import { unknownLines } from "../../../src/source/serial/modem_lines.ts";
import { accessProblem, linesOf } from "../../../src/source/serial/port_access.ts";
import { asNobody } from "../../support/effective_user.ts";
import { HandClock } from "../../support/hand_clock.ts";
import { ModemLibc } from "../../support/modem_libc.ts";
import { PortHolder } from "../../support/port_holder.ts";
import { requires, root } from "../../support/requirements.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { waitFor } from "../../support/wait_for.ts";

Deno.test("a port without a device file says so, one that is there has no problem", () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  using terminal = new PseudoTerminal({ libc });
  assert.equal(accessProblem(libc, terminal.path), null);
  const problem = accessProblem(libc, folder.join("ttyS0"));
  assert.equal(problem?.kind, "missing");
  assert.match(problem?.hint ?? "", /container.*--device/);
});

const { test: asRoot } = requires(root);

asRoot("a port that the user may not open says which group may", () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  chownSync(terminal.path, 0, 61_234);
  chmodSync(terminal.path, 0o660);
  const problem = asNobody(() => accessProblem(libc, terminal.path));
  assert.equal(problem?.kind, "no_permission");
  assert.match(problem?.hint ?? "", /^sudo usermod -aG 61234 .*log in again$/);
});

Deno.test("lines are read after equipment had time to answer ours", async () => {
  using libc = new ModemLibc();
  using terminal = new PseudoTerminal({ libc });
  const clock = new HandClock();
  const reading = linesOf(terminal.path, { libc, clock });
  await clock.advance(100);
  libc.lineBits = 0x20;
  await clock.advance(100);
  assert.deepEqual(await reading, { cts: "on", dsr: "off", dcd: "off", ri: "off" });
});

Deno.test("lines of a pseudo-terminal are unknown; it is as it was afterwards", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await terminal.write(Uint8Array.of(1, 2, 3));
  await waitFor("bytes that wait", () => terminal.unread() === 3);
  const before = terminal.settings();
  const clock = new HandClock();
  for (let time = 0; time < 2; time++) {
    const reading = linesOf(terminal.path, { libc, clock });
    await clock.advance(1000);
    assert.deepEqual(await reading, unknownLines);
  }
  const { control, ...flags } = terminal.settings().flags;
  const HUPCL = 0x400;
  assert.deepEqual({ ...flags, control }, {
    ...before.flags,
    control: before.flags.control & ~HUPCL,
  });
  assert.equal(terminal.settings().baud, before.baud);
  assert.equal(terminal.unread(), 3);
});

Deno.test("a port that somebody has locked is left alone, and named as busy", async () => {
  using libc = new Libc();
  using terminal = new PseudoTerminal({ libc });
  await using _holder = await PortHolder.start(terminal.path);
  const problem = await linesOf(terminal.path, { libc, clock: new HandClock() });
  assert.ok("kind" in problem);
  assert.equal(problem.kind, "busy");
});
