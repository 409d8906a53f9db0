// Which sources this program was made of. Bundling writes it in: see release/bundle.ts.

/** What stands behind the colon is `COMMIT DATE`; nothing where the sources themselves run. */
const stamp: string = "build-stamp:";

/** `0.1.0 (commit 6f83648c9b48, 2026-11-22)` */
export function versionText(version: string): string {
  const [commit = "", date = ""] = stamp.slice(stamp.indexOf(":") + 1).split(" ");
  return commit === "" ? `${version} (from the sources)` : `${version} (commit ${commit}, ${date})`;
}
