// How likely settings are beside each other, for people: the top ones with a bar.

import { describeLine } from "../source/serial/detection_words.ts";
import type { RankedSuspect } from "../source/serial/line_scores.ts";

const most = 3;

/** What is less likely is no rival. */
const leastShare = 0.001;

const barWidth = 20;

export interface LineShare {
  /** `9600 7E1 (or 7E2)` */
  readonly settings: string;
  /** 0 to 1. */
  readonly share: number;
}

/** The likeliest settings and those that rival them, at most three. */
export function topShares(ranking: readonly RankedSuspect[]): LineShare[] {
  return ranking.slice(0, most)
    .filter(({ share }, at) => at === 0 || share >= leastShare)
    .map((suspect) => ({ settings: describeLine(suspect), share: suspect.share }));
}

/** `93.1 %`; never 100, for that nobody knows. */
export function formatShare(share: number): string {
  return share > 0.999 ? "> 99.9 %" : `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}

/** `9600 8N1 (or 8N2, 7S1)     93.1 %  ###################` */
export function shareLine({ settings, share }: LineShare): string {
  const bar = "#".repeat(Math.round(share * barWidth));
  return `${settings.padEnd(24)}  ${formatShare(share).padStart(8)}  ${bar}`.trimEnd();
}
