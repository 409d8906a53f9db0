import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bundle, bundlePath, inAscii } from "../../release/bundle.ts";
import { makeExecutable } from "../../release/executable.ts";
import { makeRelease } from "../../release/release.ts";
import { sourcesAt } from "../../release/sources.ts";
import { makeKey } from "../support/release_shelf.ts";
import { runProgram } from "../support/run_program.ts";
import { environment, program, type Requirement, requires } from "../support/requirements.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

const root = new URL("../../", import.meta.url).pathname;

/** A copy of what a build is made from, committed at a time that is always the same. */
async function checkout(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const part of ["src", "deno.json", "deno.lock", ".gitignore", "install.sh"]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  const environment = {
    GIT_AUTHOR_DATE: "2026-03-04T05:06:07Z",
    GIT_COMMITTER_DATE: "2026-03-04T05:06:07Z",
  };
  const identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org"];
  await runProgram("git", ["init", "-q"], { folder });
  await runProgram("git", ["add", "."], { folder });
  const commit = [...identity, "-c", "commit.gpgsign=false", "commit", "-q", "-m", "test"];
  await runProgram("git", commit, { folder, environment });
}

/** Deno 2.4 wants to find packages that a library can do without. */
const bundler: Requirement = {
  name: "a Deno that bundles without what is optional, newer than 2.4",
  isMet: () => !Deno.version.deno.startsWith("2.4."),
  isOfDeno: true,
};

requires(bundler, program("git"), environment("DENORT_BIN", ".ci/denort")).test(
  "two builds in two folders are the same, byte for byte, and know their commit",
  async () => {
    using folder = new TemporaryFolder();
    const places = [folder.join("one"), folder.join("somewhere/else/two")];
    const built = await Promise.all(places.map(async (place) => {
      await checkout(place);
      await bundle(place);
      const output = join(place, "nectarcollector");
      await makeExecutable({ folder: place, output, architecture: "x86_64" });
      return { output, text: readFileSync(bundlePath(place), "utf8") };
    }));
    const [one, two] = built;
    assert.ok(one !== undefined && two !== undefined);
    assert.ok(one.text === two.text, "the bundles differ");
    const [stamp] = /"build-stamp:.*"/.exec(one.text) ?? [];
    assert.match(stamp ?? "", /:[0-9a-f]{12} 2026-03-04"/);
    // deno-lint-ignore no-control-regex
    assert.match(one.text, /^[\x00-\x7f]*$/, "the bundle is not ASCII");
    assert.ok(!one.text.includes(folder.path), "the bundle names the folder it was made in");
    const same = readFileSync(one.output).equals(readFileSync(two.output));
    assert.ok(same, "the executables differ");
    // Half a minute, most of it for gzip.
    if (Deno.env.get("WHOLE_RELEASE") !== "yes") return;
    const keyFile = await makeKey(folder);
    const releases = await Promise.all(places.map(async (place) => {
      const output = join(place, "build/release");
      await makeRelease({
        folder: place,
        output,
        executables: [{ architecture: "x86_64", path: join(place, "nectarcollector") }],
        sources: await sourcesAt(place),
        keyFile,
        url: "https://downloads.example.org/nectarcollector",
      });
      return output;
    }));
    const [first = "", second = ""] = releases;
    const names = readdirSync(first);
    assert.equal(names.length, 6);
    assert.deepEqual(readdirSync(second), names);
    for (const name of names) {
      assert.ok(readFileSync(join(first, name)).equals(readFileSync(join(second, name))), name);
    }
  },
);

Deno.test("in ASCII a program does and says the same", async () => {
  const program = `
    const größe = "5 µm — 🐝"; // …
    export default [größe, /^(ns|µs|🐝)$/u.test("🐝"), /µ/.test("5 µs")];
  `;
  const [before, after] = await Promise.all(
    [program, inAscii(program)].map(async (text) => {
      return (await import(`data:text/javascript,${encodeURIComponent(text)}`)).default;
    }),
  );
  assert.deepEqual(before, ["5 µm — 🐝", true, true]);
  assert.deepEqual(after, before);
});
