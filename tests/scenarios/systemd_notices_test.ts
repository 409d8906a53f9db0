import assert from "node:assert/strict";
import { Libc } from "../../src/platform/libc.ts";
import { NotifyReceiver } from "../support/notify_receiver.ts";
import { Site } from "../support/site.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";

Deno.test("systemd hears that it captures, how it gets on and that it lives, and gets its ports into keeping", async () => {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  using receiver = new NotifyReceiver(folder.join("notify"));
  const lines: string[] = [];
  const kept = new Map<string, number>();
  const heard = (wanted: RegExp): boolean => {
    for (let next = receiver.take(); next !== null; next = receiver.take()) {
      const [fd] = next.fds;
      if (fd !== undefined) kept.set(next.lines[1] ?? "", fd);
      lines.push(...next.lines);
    }
    return lines.some((line) => wanted.test(line));
  };
  const launcher = ["env", `NOTIFY_SOCKET=${receiver.path}`, "WATCHDOG_USEC=2000000"];
  await using site = new Site({ ports: 2, launcher });
  try {
    site.collector.launch();
    await waitFor("readiness", () => heard(/^READY=1$/));
    assert.ok(
      lines.filter((line) => line === "FDSTORE=1").length === 2,
      "the ports are open by then",
    );
    assert.deepEqual(
      [...kept.keys()].toSorted(),
      [0, 1].map((port) => `FDNAME=${encodeURIComponent(site.device(port))}`),
    );
    await site.terminals[0]?.write(new TextEncoder().encode("555-0142\r\n"));
    await waitFor(
      "a status line",
      () => heard(/^STATUS=2 channels, [\d.]+ records\/s, backlog 1$/),
    );
    lines.length = 0;
    await waitFor("signs of life", () => {
      heard(/^$/);
      return lines.filter((line) => line === "WATCHDOG=1").length >= 3;
    });
    assert.equal(await site.collector.stop(), 0);
    assert.ok(heard(/^STOPPING=1$/));
    assert.ok(!lines.some((line) => line.startsWith("FDSTOREREMOVE")), "the ports stay in keeping");
  } finally {
    for (const fd of kept.values()) libc.close(fd);
  }
});
