// Reading the configuration file, and saying what to do when that fails: which file was looked
// for, who may read it, and the command that mends it.

import { dirname } from "node:path";
import type { Problem } from "./problem.ts";

/** What is asked of the file system and of the process. */
export interface ConfigDisk {
  stat(path: string): Promise<FileFacts>;
  read(path: string): Promise<Uint8Array>;
  /** User and group of this process, where the system has them. */
  owner(): { readonly uid: number | null; readonly gid: number | null };
}

export interface FileFacts {
  readonly isDirectory: boolean;
  readonly size: number;
  readonly mode: number | null;
  readonly uid: number | null;
}

export type TextRead =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export const realConfigDisk: ConfigDisk = {
  stat: (path) => Deno.stat(path),
  read: (path) => Deno.readFile(path),
  owner: () => ({ uid: Deno.uid(), gid: Deno.gid() }),
};

const maxBytes = 8 * 1024 * 1024;
const missing = "there is no such file; give another one with --config FILE, or make this one, " +
  'beginning with {"ports": [{"device": "/dev/ttyS0", "side_designation": "A1", ' +
  '"fips_code": "1429010002", "enabled": true}]}';

/** The file's text, or one problem about the file as a whole. */
export async function readText(file: string, disk: ConfigDisk): Promise<TextRead> {
  try {
    const { isDirectory, size } = await disk.stat(file);
    if (isDirectory) return failed(file, "this is a folder: give the file in it with --config");
    if (size > maxBytes) return failed(file, `too large for a configuration: ${size} bytes`);
    return decode(file, await disk.read(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return failed(file, missing);
    if (error instanceof Deno.errors.PermissionDenied) {
      return failed(file, await forbidden(file, disk));
    }
    return failed(file, `reading failed: ${error instanceof Error ? error.message : error}`);
  }
}

function decode(file: string, bytes: Uint8Array): TextRead {
  try {
    return { ok: true, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    const line = lineOfBadByte(bytes);
    const message = `not UTF-8: line ${line} has bytes of another encoding; ` +
      `fix: iconv -f WINDOWS-1252 -t UTF-8 ${quoted(file)} > config.utf8.json`;
    return failed(file, message);
  }
}

/** Lines decode by themselves, because a line feed is never a part of another character. */
function lineOfBadByte(bytes: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  for (let from = 0; from < bytes.length; line++) {
    const feed = bytes.indexOf(10, from);
    const to = feed === -1 ? bytes.length : feed + 1;
    try {
      decoder.decode(bytes.subarray(from, to));
    } catch {
      return line;
    }
    from = to;
  }
  return line;
}

/** Names the folder that may not be entered, or the file that may not be read. */
async function forbidden(file: string, disk: ConfigDisk): Promise<string> {
  const { uid, gid } = disk.owner();
  const user = `user ${uid ?? "unknown"}`;
  let facts: FileFacts | undefined;
  for (const path of pathsDownTo(file)) {
    try {
      facts = await disk.stat(path);
    } catch {
      const closed = dirname(path);
      return `permission denied: ${user} may not enter the folder ${closed} (no x permission); ` +
        `fix: sudo chmod o+x ${quoted(closed)}`;
    }
  }
  const mode = ((facts?.mode ?? 0) & 0o777).toString(8).padStart(4, "0");
  return `permission denied: ${user} may not read this file (no r permission; ` +
    `owner ${facts?.uid ?? "unknown"}, mode ${mode}); ` +
    `fix: sudo chgrp ${gid ?? "GROUP"} ${quoted(file)} && sudo chmod g+r ${quoted(file)}`;
}

/** The path itself and the folders above it, outermost first. */
function pathsDownTo(path: string): string[] {
  const above = dirname(path);
  return above === path ? [path] : [...pathsDownTo(above), path];
}

/** Safe to paste into a shell. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function failed(file: string, message: string): TextRead {
  return { ok: false, problems: [{ file, path: "", line: 0, column: 0, message, text: "" }] };
}
