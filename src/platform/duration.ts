// Lengths of time for people.

/** In the largest unit that gives a number from 2 on, rounded down: `90 seconds`, `26 hours`. */
export function describeDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 120) return `${Math.floor(seconds)} seconds`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} minutes`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)} hours`;
  if (seconds < 2 * 365 * 86_400) return `${Math.floor(seconds / 86_400)} days`;
  return `${Math.floor(seconds / 365 / 86_400)} years`;
}
