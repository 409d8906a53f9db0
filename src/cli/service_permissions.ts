// What the service may not do though the executable may: its other commands need more.

/** From now on this process starts no program, whoever asks it to. */
export function giveUpPrograms(): void {
  Deno.permissions.revokeSync({ name: "run" });
}
