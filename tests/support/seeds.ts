// Seeds of randomised tests: fresh ones, or those named in the environment to see a failure again.

/**
 * The seeds that a randomised test runs with, each printed when its turn comes. `SEED=123` gives
 * just that one; `SEEDS=20` as many fresh ones.
 * @default {1 fresh seed}
 */
export function seeds(): number[] {
  const named = Deno.env.get("SEED");
  if (named !== undefined) return [Number(named)];
  const count = Number(Deno.env.get("SEEDS") ?? 1);
  return Array.from({ length: count }, () => Math.floor(Math.random() * 2 ** 32));
}
