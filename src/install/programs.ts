// The system's own programs that installing needs: systemctl, systemd-sysusers and the like.

import { StepFailed } from "./step.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end. @throws {StepFailed} when there is no such program */
export type RunProgram = (program: string, args: readonly string[]) => Promise<Ran>;

export async function runSystemProgram(program: string, args: readonly string[]): Promise<Ran> {
  try {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      env: { LC_ALL: "C.UTF-8", SYSTEMD_PAGER: "" },
    }).output();
    const decoder = new TextDecoder();
    return { code, out: decoder.decode(stdout).trim(), err: decoder.decode(stderr).trim() };
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    const hint = packages[program] ?? `install ${program}, and run it again`;
    throw new StepFailed(`run ${program}: there is no such program`, hint, { cause });
  }
}

/** Runs one that must succeed; `hint` says what to do else. @throws {StepFailed} */
export async function must(
  run: RunProgram,
  program: string,
  args: readonly string[],
  hint: string,
): Promise<Ran> {
  const ran = await run(program, args);
  if (ran.code === 0) return ran;
  const said = ran.err.split("\n").at(-1) ?? "";
  throw new StepFailed(`${program} ${args.join(" ")}: ${said || `exit code ${ran.code}`}`, hint);
}

const packages: Readonly<Record<string, string>> = {
  "systemd-sysusers": "apt-get install systemd",
  systemctl: "apt-get install systemd-sysv",
  userdel: "apt-get install passwd",
  groupdel: "apt-get install passwd",
  setpriv: "apt-get install util-linux",
};
