// What tests of the simulated disk ask of it: a file with synced text in it, the text of a file, and
// all that may be left of it after a power cut.

import { appendAll, type AppendFile, type Disk } from "../../src/platform/disk.ts";
import { Random } from "../../src/simulate/random.ts";
import { SimulatedDisk, type SimulatedDiskOptions } from "./simulated_disk.ts";

export const folder = "/logs";

export function makeDisk(seed = 1, options: Partial<SimulatedDiskOptions> = {}): SimulatedDisk {
  const random = new Random(seed);
  return new SimulatedDisk({ random: () => random.next(), folders: [folder], ...options });
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function write(file: AppendFile, text: string): void {
  appendAll(file, bytesOf(text));
}

/** The text of a file, NULs shown as dots; `null` where there is none. */
export function contents(disk: Disk, path: string): string | null {
  if (disk.size(path) === null) return null;
  const file = disk.read(path);
  const bytes = new Uint8Array(file.size());
  file.readNow(bytes, 0);
  file.close();
  return new TextDecoder().decode(bytes).replaceAll("\0", ".");
}

/** A file with a durable name and `text` in it, synced. */
export function syncedFile(disk: SimulatedDisk, path: string, text: string): AppendFile {
  const file = disk.append(path);
  write(file, text);
  file.syncNow();
  disk.syncFolderNow(folder);
  return file;
}

/** All that `observe` sees after power cuts that follow `act`, sorted, each once. */
export function outcomes(
  act: (disk: SimulatedDisk) => void,
  observe: (left: SimulatedDisk) => string | null,
  options: Partial<SimulatedDiskOptions> = {},
): string[] {
  const seen = new Set<string>();
  for (let seed = 0; seed < 300; seed++) {
    const disk = makeDisk(seed, options);
    act(disk);
    seen.add(observe(disk.powerCut()) ?? "none");
  }
  return [...seen].sort();
}
