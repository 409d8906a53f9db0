// By how much settings are ahead of those that are rivals to them, in bits. Pure.

import { lead } from "./detection_thresholds.ts";
import type { Leader, LineScores, Suspect } from "./line_scores.ts";

/**
 * While they are looked for. Those that read the same are no rivals; nor is text whose top bit may
 * be anything one of text with rules for it, only a fallback.
 */
export function leadOverRivals(scores: LineScores, leader: Leader): number {
  const { baudRate, framing: { alike } } = leader.suspect;
  return scores.leadOf(leader, (rival) =>
    rival.baudRate !== baudRate ||
    !rival.framing.topBitVaries && !alike.includes(rival.framing.name));
}

/** Over text at the same speed whose top bit may be anything. */
export function leadOverMixed(scores: LineScores, leader: Leader): number {
  return scores.leadOf(leader, (rival) => isMixed(rival, leader));
}

/**
 * Once they are taken: over all others. Wrong parities are text of which the top bit varies, too:
 * noise makes them, a change seldom, so that this has further to go.
 */
export function leadWhenLocked(scores: LineScores, leader: Leader): number {
  return Math.min(
    scores.leadOf(leader, (rival) => !isMixed(rival, leader)),
    leadOverMixed(scores, leader) + lead.mixedWhenLocked,
  );
}

function isMixed(rival: Suspect, { suspect }: Leader): boolean {
  return rival.framing.topBitVaries && rival.baudRate === suspect.baudRate;
}
