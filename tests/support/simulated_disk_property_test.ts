// Holds the simulated disk against the real one while nothing fails: the same calls, drawn at
// random, must give the same bytes, sizes, listings and errors.

import assert from "node:assert/strict";
import fc from "fast-check";
import { type AppendFile, type Disk, type ReadFile, systemDisk } from "../../src/platform/disk.ts";
import { SimulatedDisk } from "./simulated_disk.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

type Command =
  | { readonly do: "append" | "read"; readonly path: string }
  | { readonly do: "size" | "list" | "makeFolder" | "remove"; readonly path: string }
  | { readonly do: "syncFolder" | "syncFolderNow"; readonly path: string }
  | { readonly do: "rename"; readonly path: string; readonly to: string }
  | { readonly do: "isAt"; readonly file: number; readonly path: string }
  | { readonly do: "write"; readonly file: number; readonly length: number }
  | { readonly do: "truncate"; readonly file: number; readonly length: number }
  | { readonly do: "readBack"; readonly file: number; readonly at: number; readonly now: boolean }
  | { readonly do: "sync" | "syncNow" | "close" | "length"; readonly file: number };

const path = fc.constantFrom("a", "b", "f", "f/a", "f/b", "f/g", "f/g/a", "h", "h/b", "a/b");
const file = fc.nat({ max: 5 });

function of<Name extends Command["do"]>(...names: readonly Name[]): { do: fc.Arbitrary<Name> } {
  return { do: fc.constantFrom(...names) };
}

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ ...of("append", "append", "read"), path }),
  fc.record({ ...of("size", "list", "makeFolder", "remove"), path }),
  fc.record({ ...of("syncFolder", "syncFolderNow"), path }),
  fc.record({ ...of("rename"), path, to: path }),
  fc.record({ ...of("isAt"), file, path }),
  fc.record({ ...of("write"), file, length: fc.nat({ max: 1500 }) }),
  fc.record({ ...of("truncate"), file, length: fc.nat({ max: 2000 }) }),
  fc.record({ ...of("readBack"), file, at: fc.nat({ max: 2000 }), now: fc.boolean() }),
  fc.record({ ...of("sync", "syncNow", "close", "length"), file }),
);

/** One disk, and what the commands so far have opened on it. */
class Driven {
  readonly #disk: Disk;
  readonly #top: string;
  readonly #appending: AppendFile[] = [];
  readonly #reading: ReadFile[] = [];
  #written = 0;

  constructor(disk: Disk, top: string) {
    this.#disk = disk;
    this.#top = top;
  }

  /** What the call gave, or what it threw, in a form that can be compared. */
  async answer(command: Command): Promise<unknown> {
    try {
      return await this.#execute(command) ?? null;
    } catch (error) {
      assert.ok(error instanceof Error);
      return `${error.constructor.name} ${"code" in error ? error.code : ""}`;
    }
  }

  #execute(command: Command): unknown {
    switch (command.do) {
      case "append":
        return void this.#appending.push(this.#disk.append(this.#at(command.path)));
      case "read":
        return this.#openToRead(command.path);
      case "size":
        return this.#isFolder(command.path) ? "folder" : this.#disk.size(this.#at(command.path));
      case "list":
      case "makeFolder":
      case "remove":
      case "syncFolder":
      case "syncFolderNow":
        return this.#disk[command.do](this.#at(command.path));
      case "rename":
        return this.#disk.rename(this.#at(command.path), this.#at(command.to));
      case "isAt":
        return this.#appending[command.file]?.isAt(this.#at(command.path));
      case "write":
        return this.#write(command.file, command.length);
      case "truncate":
        return this.#appending[command.file]?.truncate(command.length);
      case "readBack":
        return this.#readBack(command);
      case "sync":
      case "syncNow":
        return this.#appending[command.file]?.[command.do]();
      case "length":
        return this.#reading[command.file]?.size();
      case "close":
        this.#reading[command.file]?.close();
        return this.#appending[command.file]?.close();
    }
  }

  close(): void {
    for (const each of [...this.#appending, ...this.#reading]) {
      try {
        each.close();
      } catch (error) {
        if (!(error instanceof Deno.errors.BadResource)) throw error;
      }
    }
  }

  #at(path: string): string {
    return `${this.#top}/${path}`;
  }

  #isFolder(path: string): boolean {
    try {
      this.#disk.list(this.#at(path));
      return true;
    } catch {
      return false;
    }
  }

  #openToRead(path: string): void {
    const isFolder = this.#isFolder(path);
    const file = this.#disk.read(this.#at(path));
    if (!isFolder) return void this.#reading.push(file);
    // A folder opens, has a size of the file system's own, and cannot be read.
    try {
      file.readNow(new Uint8Array(1), 0);
    } finally {
      file.close();
    }
  }

  #write(file: number, length: number): number | undefined {
    const bytes = new Uint8Array(length).fill(++this.#written);
    return this.#appending[file]?.append(bytes);
  }

  async #readBack(
    { file, at, now }: { readonly file: number; readonly at: number; readonly now: boolean },
  ): Promise<unknown> {
    const read = async (from?: AppendFile | ReadFile): Promise<readonly number[] | undefined> => {
      if (from === undefined) return undefined;
      const buffer = new Uint8Array(700);
      const count = !now && "read" in from ? await from.read(buffer, at) : from.readNow(buffer, at);
      return [...buffer.subarray(0, count)];
    };
    return [await read(this.#appending[file]), await read(this.#reading[file])];
  }
}

Deno.test("the simulated disk answers as the real one while nothing fails", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 60, size: "max" }), async (commands) => {
      using folder = new TemporaryFolder("simulated-disk");
      const top = folder.path;
      const simulated = new SimulatedDisk({ random: () => 0.5, folders: [top] });
      const both = [new Driven(systemDisk, top), new Driven(simulated, top)] as const;
      try {
        for (const each of commands) {
          const [real, imitated] = [await both[0].answer(each), await both[1].answer(each)];
          assert.deepEqual(imitated, real, JSON.stringify(each));
        }
      } finally {
        for (const each of both) each.close();
      }
      assert.equal(simulated.openHandles, 0);
    }),
    { numRuns: 500 },
  );
});
