// A TCP port that nobody listens on, for servers that must come back at the same address.

/** Below Linux's ephemeral range, where who dials a closed port can meet itself. */
const from = 20_000;
const to = 32_000;

export function freePort(): number {
  for (;;) {
    const port = from + Math.floor(Math.random() * (to - from));
    try {
      Deno.listen({ hostname: "0.0.0.0", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
