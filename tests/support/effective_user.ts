// What a user without rights may do, tried by a process that runs as root.

const nobody = 65534;
const symbols = { seteuid: { parameters: ["u32"], result: "i32" } } as const;

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
