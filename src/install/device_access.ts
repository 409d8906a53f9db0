// Whether the service's user may open each configured port: the mistake that else shows up only when
// the technician has driven away.

import type { Libc } from "../platform/libc.ts";
import { deviceHolders, visible } from "../source/serial/device_holder.ts";
import { must, type RunProgram } from "./programs.ts";
import { StepFailed } from "./step.ts";
import { serviceUser, usualPortsGroup } from "./system_files.ts";
import type { Target } from "./target.ts";

export interface DeviceFinding {
  readonly device: string;
  /** What is in the way; `null` where nothing is. */
  readonly problem: string | null;
  readonly hint: string | null;
}

/** Looks at each device as the service's user would; opens none. Needs root. */
export async function checkAccess(
  devices: readonly string[],
  { libc, run, target }: {
    readonly libc: Libc;
    readonly run: RunProgram;
    readonly target: Target;
  },
): Promise<DeviceFinding[]> {
  return await Promise.all(devices.map(async (device): Promise<DeviceFinding> => {
    const real = visible(() => libc.realPath(target.path(device)));
    if (real === undefined) {
      return {
        device,
        problem: "no such device",
        hint: 'plug the adapter in, or correct "device"; ports there are: nectarcollector ports',
      };
    }
    const group = target.groupName(visible(() => libc.groupOf(real)) ?? 0);
    const groups = [...new Set([serviceUser, usualPortsGroup, group])].filter((name) =>
      name !== "root" && target.hasGroup(name)
    );
    if (!await mayOpen(real, groups, run)) {
      return {
        device,
        problem: `the user ${serviceUser} may not open it: it belongs to the group ${group}`,
        hint: "see what mends it: sudo nectarcollector doctor",
      };
    }
    const others = deviceHolders(libc, real).filter((name) => !isOurs(name));
    if (others.length === 0) return { device, problem: null, hint: null };
    return { device, problem: `in use by ${others.join(", ")}`, hint: "end that process" };
  }));
}

/** The service, or systemd, which holds its ports while it is started anew. */
function isOurs(holder: string): boolean {
  return holder.startsWith("nectarcollect") || holder === "systemd (pid 1)";
}

async function mayOpen(
  device: string,
  groups: readonly string[],
  run: RunProgram,
): Promise<boolean> {
  const who = [`--reuid=${serviceUser}`, `--regid=${serviceUser}`, `--groups=${groups.join(",")}`];
  try {
    await must(run, "setpriv", [...who, "test", "-r", device, "-a", "-w", device], "");
    return true;
  } catch (error) {
    if (error instanceof StepFailed) return false;
    throw error;
  }
}
