// Whether a device is a serial port, and whether the service's user may open it, from what the file
// system tells of it.

import { serviceUser, usualPortsGroup } from "../install/system_files.ts";
import type { Account } from "../install/target.ts";
import { visible } from "../source/serial/device_holder.ts";
import type { Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";
import { mayRead, mayWrite, permits } from "./service_unit.ts";

const fileType = 0o170000;
const characterDevice = 0o020000;

/** `real` is a path on the machine that looks. Where the system does not tell, it is taken for one. */
export function isTerminal({ libc, target }: Machine, real: string): boolean {
  const ownership = visible(() => libc.ownershipOf(real)) ?? null;
  if (ownership === null) return true;
  if ((ownership.mode & fileType) !== characterDevice) return false;
  const { major, minor } = ownership.device;
  const kind = visible(() =>
    libc.realPath(target.path(`/sys/dev/char/${major}:${minor}/subsystem`))
  );
  return kind === undefined || kind.endsWith("/tty");
}

/** Nothing where the user may open it. */
export function accessFindings(
  { libc, target }: Machine,
  { real, subject, account }: {
    readonly real: string;
    readonly subject: string;
    readonly account: Account;
  },
): Finding[] {
  const ownership = visible(() => libc.ownershipOf(real)) ?? null;
  if (ownership === null || permits(ownership, account, mayRead | mayWrite)) return [];
  const group = target.groupName(ownership.gid);
  const mode = (ownership.mode & 0o777).toString(8);
  const groupMay = permits(
    ownership,
    { ...account, uid: -1, gids: [ownership.gid] },
    mayRead | mayWrite,
  );
  return [{
    level: "error",
    subject,
    message: `the user ${account.name} may not open it`,
    cause: `it belongs to ${target.userName(ownership.uid)}:${group}, with mode ${mode}`,
    hint: hintFor({ real, group, groupMay, account }),
  }];
}

function hintFor({ real, group, groupMay, account }: {
  readonly real: string;
  readonly group: string;
  readonly groupMay: boolean;
  readonly account: Account;
}): string {
  const isService = account.name === serviceUser;
  if (groupMay && group !== "root") {
    return isService && group !== usualPortsGroup
      ? "sudo nectarcollector install"
      : `sudo usermod -aG ${group} ${account.name}` +
        (isService ? " && sudo systemctl restart nectarcollector" : "; then log in again");
  }
  const name = real.split("/dev/").at(-1);
  const rule = `KERNEL=="${name}", GROUP="${usualPortsGroup}", MODE="0660"`;
  return `echo '${rule}' | sudo tee /etc/udev/rules.d/99-serial-ports.rules && ` +
    "sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=tty";
}
