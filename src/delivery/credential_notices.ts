// What is wrong with the files that prove who we are to NATS, or soon will be. No reason to refuse a
// configuration: capture runs without them, and they are used when they are there.

import type { Clock } from "../platform/clock.ts";
import { errorText, type Notice } from "../platform/notice.ts";
import { readCredentials, type ReadText } from "./credential_reading.ts";
import { credentialFiles, expiries } from "./credentials.ts";
import type { Destination } from "./destinations.ts";
import { ExpiryWatch } from "./expiry_watch.ts";

/** Of one destination, in the words of the service's own log. */
export async function credentialNotices(
  { name: section, credentials }: Pick<Destination, "name" | "credentials">,
  { readText, clock }: { readonly readText?: ReadText; readonly clock: Clock },
): Promise<Notice[]> {
  const notices: Notice[] = [];
  try {
    const proof = await readCredentials(credentialFiles(credentials), readText);
    const report = (notice: Notice): void => void notices.push(notice);
    new ExpiryWatch({ section, clock, report }).follow(expiries(proof));
  } catch (error) {
    const message = `${section}.${errorText(error)}`;
    notices.push({ level: "warning", kind: "credentials_unusable", message });
  }
  return notices;
}
