// What a release is made of, for whoever must know whether a flaw elsewhere is one of ours: a
// CycloneDX list of the libraries that the program really imports.

import { Buffer } from "node:buffer";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runDeno } from "./deno_run.ts";
import type { Sources } from "./sources.ts";

interface Library {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly string[];
}

/** What `deno info --json` tells of a program. */
interface Graph {
  readonly modules: readonly { readonly npmPackage?: string }[];
  readonly npmPackages: Readonly<Record<string, Library>>;
}

/** The list, JSON. `runtime` is the version of Deno in the executables. */
export async function softwareBill(
  folder: string,
  { version, sources, runtime }: {
    readonly version: string;
    readonly sources: Sources;
    readonly runtime: string;
  },
): Promise<string> {
  const graph = JSON.parse(await runDeno(["info", "--json", "src/main.ts"], { folder }));
  const { npmCache } = JSON.parse(await runDeno(["info", "--json"], { folder }));
  const lock = JSON.parse(readFileSync(join(folder, "deno.lock"), "utf8"));
  const libraries = importedLibraries(graph);
  const referenceOf = (id: string): string => {
    const { name, version } = graph.npmPackages[id];
    return `pkg:npm/${name.replace("@", "%40")}@${version}`;
  };
  const own = `pkg:generic/nectarcollector@${version}`;
  const deno = `pkg:github/denoland/deno@v${runtime}`;
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      timestamp: new Date(sources.epochSec * 1000).toISOString(),
      component: {
        type: "application",
        "bom-ref": own,
        name: "nectarcollector",
        version,
        purl: own,
        licenses: [{ license: { id: "MIT" } }],
        properties: [{ name: "commit", value: sources.commit }],
      },
    },
    components: [
      { type: "platform", "bom-ref": deno, name: "deno", version: runtime, purl: deno },
      ...libraries.map(([id, { name, version }]) => ({
        type: "library",
        "bom-ref": referenceOf(id),
        name,
        version,
        purl: referenceOf(id),
        hashes: [{ alg: "SHA-512", content: hexOf(lock.npm[id].integrity) }],
        licenses: [{ license: { id: licenceOf(npmCache, name, version) } }],
      })),
    ],
    dependencies: [
      { ref: own, dependsOn: [deno, ...libraries.map(([id]) => referenceOf(id))] },
      ...libraries.map(([id, { dependencies }]) => ({
        ref: referenceOf(id),
        dependsOn: dependencies.map(referenceOf),
      })),
    ],
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

/** Those that a module imports, and those that these need. The lock file knows more, for tests. */
function importedLibraries({ modules, npmPackages }: Graph): [string, Library][] {
  const imported = new Set(modules.flatMap(({ npmPackage }) => npmPackage ?? []));
  // A set grows while it is gone through.
  for (const id of imported) {
    for (const needed of npmPackages[id]?.dependencies ?? []) imported.add(needed);
  }
  return Object.entries(npmPackages).filter(([id]) => imported.has(id))
    .sort(([a], [b]) => a < b ? -1 : 1);
}

/** Of `sha512-…` in base64. */
function hexOf(integrity: string): string {
  return Buffer.from(integrity.slice(integrity.indexOf("-") + 1), "base64").toString("hex");
}

/** As the package says of itself. */
function licenceOf(cache: string, name: string, version: string): string {
  const files = readdirSync(cache).map((host) => join(cache, host, name, version, "package.json"));
  const file = files.find((path) => existsSync(path));
  if (file === undefined) {
    throw new Error(`read the licence of ${name}@${version}: not in ${cache}`);
  }
  return JSON.parse(readFileSync(file, "utf8")).license;
}
