import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { Libc } from "../../src/platform/libc.ts";
import { Cable } from "../../src/simulate/cable.ts";
import type { UartSettings } from "../../src/simulate/uart.ts";
import { parseUartSettings } from "../../src/simulate/uart_settings.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { TerminalReader } from "../support/terminal_reader.ts";
import { waitFor } from "../support/wait_for.ts";

const fast: UartSettings = { baud: 1_000_000, dataBits: 8, parity: "none", stopBits: 1 };
const text = [...new TextEncoder().encode("555-555-0142\r\n")];
const bytes = Uint8Array.from(text);

Deno.test("a reader that sets nothing gets what is sent, and nothing is lost", async () => {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  const settings = { ...fast, baud: 19_200 };
  using cable = new Cable({ libc, link: folder.join("ttySim1"), settings });
  using reader = new TerminalReader(libc, cable.link);
  assert.equal(cable.readerBaud, 19_200);
  assert.equal(await cable.send(bytes), text.length);
  assert.deepEqual(await reader.takeUntil(text.length), text);
  await cable.settle(0);
  assert.equal(cable.lostBytes, 0);
});

Deno.test("every byte that nobody reads is counted: beyond the buffers, and in them at the end", async () => {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  using cable = new Cable({ libc, link: folder.join("ttySim1"), settings: fast });
  assert.equal(await cable.send(new Uint8Array(30_000)), 30_000);
  const overrun = cable.lostBytes;
  assert.ok(overrun > 5000 && overrun < 20_000, `${overrun}`);
  await waitFor("a full buffer", () => cable.waitingBytes === 4095);
  await cable.settle(0);
  assert.equal(cable.lostBytes, 30_000);
  assert.equal(cable.waitingBytes, 0);
});

Deno.test("a pulled cable takes its name away and loses what waits; put back it has the name again", async () => {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  const link = folder.join("ttySim1");
  using cable = new Cable({ libc, link, settings: fast });
  await cable.send(bytes);
  await waitFor("all to wait", () => cable.waitingBytes === text.length);
  cable.unplug();
  assert.equal(existsSync(link), false);
  assert.equal(cable.lostBytes, text.length);
  assert.equal(cable.readerBaud, null);
  assert.equal(await cable.send(bytes), 0);
  cable.plug();
  using reader = new TerminalReader(libc, link);
  await cable.send(bytes);
  assert.deepEqual(await reader.takeUntil(text.length), text);
  assert.equal(cable.lostBytes, text.length);
});

Deno.test("a sender that changes its settings is garbage until the reader follows", async () => {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  using cable = new Cable({ libc, link: folder.join("ttySim1"), settings: fast });
  using reader = new TerminalReader(libc, cable.link);
  cable.change({ ...fast, baud: 500_000 });
  await cable.send(Uint8Array.of(0x55));
  await cable.settle(0);
  assert.notEqual(cable.lostBytes, 0);
  reader.set({ baud: 500_000 });
  await cable.send(bytes);
  assert.deepEqual(await reader.takeUntil(text.length), text);
});

Deno.test("frames that 8N1 cannot read arrive whole, unless the reader is said to be set otherwise", async () => {
  for (const frame of ["8E1", "8O1", "7N1"]) {
    using folder = new TemporaryFolder();
    using libc = new Libc();
    const settings = parseUartSettings(`230400 ${frame}`);
    using cable = new Cable({ libc, link: folder.join("ttySim1"), settings });
    using reader = new TerminalReader(libc, cable.link);
    await cable.send(bytes);
    assert.deepEqual(await reader.takeUntil(text.length), text, frame);
    const receiver = { dataBits: 8, parity: "none" } as const;
    using other = new Cable({ libc, link: folder.join("ttySim2"), settings, receiver });
    using wrong = new TerminalReader(libc, other.link);
    await other.send(bytes);
    await wrong.takeUntil(1);
    while (wrong.take() > 0);
    assert.notDeepEqual(wrong.received, text, frame);
  }
});
