// Where a running service is asked: a socket in its runtime folder. systemd names that folder to the
// service alone, so whoever asks looks where it usually is.

import { realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { crc32 } from "node:zlib";

const socketName = "control.sock";

/** As the unit file has it. */
const usualFolder = "/run/nectarcollector";

/** The folder of the socket of a service that runs on `configFile`. */
export function controlFolder(configFile: string): string {
  return Deno.env.get("RUNTIME_DIRECTORY") ?? ownFolder(configFile);
}

export function socketIn(folder: string): string {
  return join(folder, socketName);
}

/** Sockets at which the service that runs on `configFile` may be asked, the likeliest first. */
export function socketsOf(configFile: string): string[] {
  const folders = [Deno.env.get("RUNTIME_DIRECTORY"), ownFolder(configFile), usualFolder];
  return [...new Set(folders)].flatMap((folder) => folder === undefined ? [] : [socketIn(folder)]);
}

/** The same for whoever names the file, whatever they call it. */
export function fileIdentity(configFile: string): string {
  try {
    return realpathSync(configFile);
  } catch {
    // It may be gone for the moment.
    return resolve(configFile);
  }
}

/** Without systemd: one of our own among those of everybody. */
function ownFolder(configFile: string): string {
  const hash = crc32(fileIdentity(configFile)).toString(16).padStart(8, "0");
  const shared = Deno.env.get("XDG_RUNTIME_DIR") ?? tmpdir();
  return join(shared, `nectarcollector-${Deno.uid()}-${hash}`);
}
