// What a build is made of: which commit, and of when. Both go into the executable, and the second is
// the time of everything that is made, so that the same sources give the same bytes.

export interface Sources {
  /** Twelve digits; with `+changes` when files were changed since; else `unknown`. */
  readonly commit: string;
  /** Seconds since 1970: of the commit, or SOURCE_DATE_EPOCH where git knows none. */
  readonly epochSec: number;
}

/** Of the checkout at `folder`. */
export async function sourcesAt(folder: string): Promise<Sources> {
  const said = await git(folder, ["log", "-1", "--format=%H %ct"]);
  const [hash = "", seconds = ""] = said?.trim().split(" ") ?? [];
  if (hash === "") {
    return { commit: "unknown", epochSec: Number(Deno.env.get("SOURCE_DATE_EPOCH") ?? 0) };
  }
  const changes = await git(folder, ["status", "--porcelain"]);
  const mark = changes === "" ? "" : "+changes";
  return { commit: `${hash.slice(0, 12)}${mark}`, epochSec: Number(seconds) };
}

/** `2026-11-22` */
export function dayOf({ epochSec }: Sources): string {
  return new Date(epochSec * 1000).toISOString().slice(0, 10);
}

/** What git prints; `null` where there is no git, or no checkout. */
async function git(folder: string, args: readonly string[]): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["-C", folder, ...args],
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout) : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
