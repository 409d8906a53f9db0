// What a user without rights may do, tried by a process that runs as root.

import { program, type Requirement, root } from "./requirements.ts";

/**
 * Launches a program as root to whom permissions apply as to anybody: what root owns and has not the
 * right to read, it may not read. It still finds its own cache, which a real other user does not.
 */
export const withoutPrivilege: readonly string[] = [
  "setpriv",
  "--bounding-set=-dac_override,-dac_read_search",
  "--",
];

export const withoutPrivilegeNeeds: readonly Requirement[] = [root, program("setpriv")];

const nobody = 65534;
const symbols = { seteuid: { parameters: ["u32"], result: "i32" } } as const;

/** Runs `action` as the user nobody until it has settled. Needs root, and nothing else meanwhile. */
export async function untilSettledAsNobody<Result>(
  action: () => Promise<Result>,
): Promise<Result> {
  const library = Deno.dlopen("libc.so.6", symbols);
  try {
    if (library.symbols.seteuid(nobody) !== 0) throw new Error("become nobody: refused");
    return await action();
  } finally {
    library.symbols.seteuid(0);
    library.close();
  }
}

/** Runs `action`, in this turn, as the user nobody. Needs root. */
export function asNobody<Result>(action: () => Result): Result {
  const library = Deno.dlopen("libc.so.6", symbols);
  try {
    if (library.symbols.seteuid(nobody) !== 0) throw new Error("become nobody: refused");
    return action();
  } finally {
    library.symbols.seteuid(0);
    library.close();
  }
}
