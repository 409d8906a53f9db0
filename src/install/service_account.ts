// The user and the group that the service runs as, made by systemd from the file in sysusers.d: that
// way a package and `install` make the same.

import { must, type RunProgram } from "./programs.ts";
import type { Step } from "./step.ts";
import { serviceUser, usualPortsGroup } from "./system_files.ts";
import type { Target } from "./target.ts";

export class ServiceAccount implements Step {
  readonly goal = `the user ${serviceUser}, in the group ${usualPortsGroup}`;
  readonly #target: Target;
  readonly #run: RunProgram;
  #made = { user: false, group: false };

  constructor({ target, run }: { readonly target: Target; readonly run: RunProgram }) {
    this.#target = target;
    this.#run = run;
  }

  look(): readonly string[] {
    const target = this.#target;
    if (!target.hasUser(serviceUser)) return [`make the user and the group ${serviceUser}`];
    // The user may be a site's own, in another group.
    if (!target.hasGroup(serviceUser)) return [`make the group ${serviceUser}`];
    return target.isMember(serviceUser, usualPortsGroup)
      ? []
      : [`put the user ${serviceUser} into the group ${usualPortsGroup}`];
  }

  async apply(): Promise<void> {
    const { root } = this.#target;
    this.#made = {
      user: !this.#target.hasUser(serviceUser),
      group: !this.#target.hasGroup(serviceUser),
    };
    const where = root === "" ? [] : [`--root=${root}`];
    const hint = `see why: systemd-sysusers ${[...where, "nectarcollector.conf"].join(" ")}`;
    await must(this.#run, "systemd-sysusers", [...where, "nectarcollector.conf"], hint);
  }

  async undo(): Promise<void> {
    const target = this.#target;
    if (this.#made.user && target.hasUser(serviceUser)) await removeUser(target, this.#run);
    if (this.#made.group && target.hasGroup(serviceUser)) await removeGroup(target, this.#run);
  }
}

export async function removeUser(target: Target, run: RunProgram): Promise<void> {
  await must(run, "userdel", [...where(target), serviceUser], `userdel ${serviceUser}`);
}

export async function removeGroup(target: Target, run: RunProgram): Promise<void> {
  await must(run, "groupdel", [...where(target), serviceUser], `groupdel ${serviceUser}`);
}

function where({ root }: Target): string[] {
  return root === "" ? [] : ["--prefix", root];
}
