import assert from "node:assert/strict";
import { commandToEnd } from "../../src/doctor/port_takers.ts";

Deno.test("a program that would come back is kept from it, any other is ended", () => {
  const commands = ["agetty", "login", "ModemManager", "gpsd", "brltty", "minicom"].map((name) =>
    commandToEnd({ name, pid: 12 }, "ttyS1")
  );
  assert.deepEqual(commands, [
    "sudo systemctl disable --now serial-getty@ttyS1.service",
    "sudo systemctl disable --now serial-getty@ttyS1.service",
    "sudo systemctl disable --now ModemManager",
    "sudo systemctl disable --now gpsd.socket gpsd.service",
    "sudo apt-get remove brltty",
    "sudo kill 12",
  ]);
});
