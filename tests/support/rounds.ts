// How often a test of a fault does it again: `ROUNDS=100` for a long form, of which the count and the
// outcome are printed.

/** @param usual how often without the variable, where time is short */
export function rounds(usual: number): number {
  return Number(Deno.env.get("ROUNDS") ?? usual);
}
