// How much evidence it takes to decide something about a line; found by simulation.

/** Leads, in bits, at which something is decided. */
export const lead = {
  toTry: 10,
  toLose: 18,
  toAccept: 40,
  toWait: 20,
  toAcceptMixed: 60,
  overMixed: 8,
  asLikely: 4,
  whenLocked: 30,
  mixedWhenLocked: 60,
  most: 60,
};

/** Settings are taken only on so many different characters. */
export const minDistinct = 10;

/** Fewer are a heartbeat or padding, for which no other setting is tried. */
export const minVaried = 4;

/** Of good characters there must be so many for each bad one. */
export const goodForBad = 2;

/** Fewer bad characters do not overthrow settings: a glitch, a few breaks, a burst of noise. */
export const minBad = 16;

/** Plugging a cable in may give a few breaks: no setting is left on fewer characters. */
export const minHeard = 6;

/** So many characters beyond those that an acceptance needs a setting has to prove itself. */
export const patience = 30;

/**
 * So many times longer where half of what it needs is proved and hardly a character is bad: calls may
 * say little that is new.
 */
export const patienceWhenNear = 4;
export const cleanShare = 0.98;
