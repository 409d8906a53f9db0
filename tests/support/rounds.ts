// How often a test of a fault does it: once or a few times where time is short, `ROUNDS=100` times in
// the long form.

type Body = (context: Deno.TestContext) => void | Promise<void>;

/** @param usual how often without the variable */
export function rounds(usual: number): number {
  return Number(Deno.env.get("ROUNDS") ?? usual);
}

/** Registers tests whose body is run so often, each time from the start. `const test = again(requires(…).test);` */
export function again(
  register: (name: string, body: Body) => void,
): (name: string, body: Body) => void {
  return (name, body) =>
    register(name, async (context) => {
      for (let round = 0; round < rounds(1); round++) await body(context);
    });
}
