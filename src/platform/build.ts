// Which program this is, and of which sources it was made. Bundling writes those in: see
// release/bundle.ts.

import project from "../../deno.json" with { type: "json" };

/** What stands behind the colon is `COMMIT DATE`; nothing where the sources themselves run. */
const stamp: string = "build-stamp:";

/** `0.1.0 (commit 6f83648c9b48, 2026-11-22)` */
export function versionText(): string {
  const { version } = project;
  const [commit = "", date = ""] = stamp.slice(stamp.indexOf(":") + 1).split(" ");
  return commit === "" ? `${version} (from the sources)` : `${version} (commit ${commit}, ${date})`;
}
