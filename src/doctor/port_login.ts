// A login on a port: whatever the equipment sends would be taken for a user's name, and answered.

import type { Machine } from "./machine.ts";
import type { Finding } from "./finding.ts";

const units = "/etc/systemd/system";

/** Where systemd's own generators want units for ports that are consoles. */
const generated = ["/run/systemd/generator", "/run/systemd/generator.late"];

/** `null` where systemd starts none there; `name` is what the kernel calls the port. */
export function loginFinding(machine: Machine, subject: string, name: string): Finding | null {
  for (const unit of [`serial-getty@${name}.service`, `getty@${name}.service`]) {
    if (machine.link(`${units}/${unit}`) === "/dev/null") continue;
    const isEnabled = isWanted(machine, units, unit);
    if (!isEnabled && !generated.some((folder) => isWanted(machine, folder, unit))) continue;
    return {
      level: "error",
      subject,
      message: `systemd starts a login on it: ${unit}`,
      cause: isEnabled
        ? "it takes a part of what the equipment sends, and answers"
        : "systemd does so for the kernel's console; it takes a part of what the equipment sends",
      // One that a generator made comes back: only a mask keeps it away.
      hint: `sudo systemctl ${isEnabled ? "disable" : "mask"} --now ${unit}`,
    };
  }
  return null;
}

function isWanted(machine: Machine, folder: string, unit: string): boolean {
  return machine.list(folder).filter((name) => name.endsWith(".wants"))
    .some((name) => machine.list(`${folder}/${name}`).includes(unit));
}
