// A port on which the kernel prints: what it writes goes to the equipment, and what the equipment
// sends may be taken for commands (SysRq).

import type { Machine } from "./machine.ts";
import type { Finding } from "./finding.ts";

/** Where the kernel's command line is kept, by how the machine is booted. */
const bootFiles = ["/boot/firmware/cmdline.txt", "/boot/cmdline.txt", "/etc/default/grub"];
/** Files that are read behind the last of them. */
const grubFolder = "/etc/default/grub.d";

/** Of a port that is a console; `name` is what the kernel calls it. */
export function consoleFinding(machine: Machine, subject: string, name: string): Finding {
  const given = consolesOn(machine).find((value) => value.split(",")[0] === name);
  return {
    level: "error",
    subject,
    message: `the kernel prints its messages on ${name}`,
    cause: given === undefined
      ? "the firmware told it to, or it is the only console; what it prints goes to the equipment"
      : `console=${given} stands on its command line; what it prints goes to the equipment`,
    hint: hintFor(machine, name, given),
  };
}

function consolesOn(machine: Machine): string[] {
  const words = (machine.text("/proc/cmdline") ?? "").trim().split(/\s+/);
  return words.flatMap((word) => word.startsWith("console=") ? [word.slice(8)] : []);
}

function hintFor(machine: Machine, name: string, given: string | undefined): string {
  const further = machine.list(grubFolder).map((name) => `${grubFolder}/${name}`);
  const file = [...bootFiles, ...further].find((path) =>
    machine.text(path)?.includes("console=") ?? false
  );
  if (given === undefined || file === undefined) {
    return `write console=tty0 on the kernel's command line, and nothing of ${name}; restart the box`;
  }
  // A Raspberry Pi writes its port by another name in that file.
  const names = file.endsWith("cmdline.txt") ? `(${name}|serial0)` : name;
  const without = `sudo sed -Ei 's/ ?console=${names}\\b(,[^ "]*)?//g' ${file}`;
  const made = file.startsWith("/etc/default/") ? " && sudo update-grub" : "";
  return `${without}${made} && sudo reboot`;
}
