// All of it in one file, build/nectarcollector.js, which knows what it was made of. The same sources
// give the same bytes, wherever they and Deno's cache lie.
//
// Names stay as they are, for stack traces: shorter ones save 1 MB of memory and are not worth it.

import { mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { runDeno } from "./deno_run.ts";
import { dayOf, sourcesAt } from "./sources.ts";

/** As it stands in src/platform/build.ts. */
const stamp = '"build-stamp:"';

/** Where the bundle of the checkout at `folder` is. */
export function bundlePath(folder: string): string {
  return join(folder, "build/nectarcollector.js");
}

/** Makes the bundle of the checkout at `folder`. @throws {Error} */
export async function bundle(folder: string): Promise<void> {
  const output = bundlePath(folder);
  mkdirSync(dirname(output), { recursive: true });
  await runDeno(["bundle", "--quiet", "--output", output, "src/main.ts"], { folder });
  const sources = await sourcesAt(folder);
  const text = readFileSync(output, "utf8");
  const parts = withoutPlaces(text, folder, await npmCache(folder)).split(stamp);
  if (parts.length !== 2) {
    throw new Error(`stamp ${output}: ${stamp} stands there ${parts.length - 1} times, not once`);
  }
  const stamped = parts.join(`"build-stamp:${sources.commit} ${dayOf(sources)}"`);
  writeFileSync(output, inAscii(stamped));
  // Deno writes it into the executable.
  utimesSync(output, sources.epochSec, sources.epochSec);
}

/**
 * The same program in ASCII, which the runtime leaves where it lies in the executable. One other
 * character, in a comment, and it keeps a copy of everything with two bytes a character.
 */
export function inAscii(program: string): string {
  // deno-lint-ignore no-control-regex
  return program.replace(/[^\x00-\x7f]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** The bundler names libraries by where they lie, seen from here, and by the registry's host. */
function withoutPlaces(text: string, folder: string, cache: string): string {
  const [before = "", ...rest] = text.split(`${relative(folder, cache)}/`);
  return before + rest.map((part) => `npm${part.slice(part.indexOf("/"))}`).join("");
}

async function npmCache(folder: string): Promise<string> {
  const info = JSON.parse(await runDeno(["info", "--json"], { folder }));
  return info.npmCache;
}

if (import.meta.main) await bundle(Deno.cwd());
