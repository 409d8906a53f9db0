// What is wrong with the files that prove who we are to NATS, or soon will be. No reason to refuse a
// configuration: capture runs without them, and they are used when they are there.

import type { Config } from "../config/config.ts";
import { readCredentials, type ReadText } from "../delivery/credential_reading.ts";
import { credentialFiles, expiries } from "../delivery/credentials.ts";
import { type Destination, destinations } from "../delivery/destinations.ts";
import { ExpiryWatch } from "../delivery/expiry_watch.ts";
import type { Clock } from "../platform/clock.ts";
import { errorText, type Report } from "../platform/notice.ts";

/** One sentence each, in the words of the service's own log. */
export async function credentialWarnings(
  config: Config,
  tools: { readonly readText: ReadText; readonly clock: Clock },
): Promise<string[]> {
  const warnings: string[] = [];
  const report: Report = ({ message }) => warnings.push(message);
  for (const destination of destinations(config)) {
    await look(destination, { ...tools, report });
  }
  return warnings;
}

async function look(
  { name: section, credentials }: Destination,
  { readText, clock, report }: {
    readonly readText: ReadText;
    readonly clock: Clock;
    readonly report: Report;
  },
): Promise<void> {
  try {
    const proof = await readCredentials(credentialFiles(credentials), readText);
    new ExpiryWatch({ section, clock, report }).follow(expiries(proof));
  } catch (error) {
    const message = `${section}.${errorText(error)}`;
    report({ level: "warning", kind: "credentials_unusable", message });
  }
}
