// How likely a seven-bit character is in call records. Digits and blanks are most of them.
// Coarse on purpose: it must fit every exchange, and only has to tell text from noise. Pure.

/** Which characters, what share of all they are. Shares are estimates, rounded generously. */
const groups: readonly { readonly matches: RegExp; readonly share: number }[] = [
  { matches: /[0-9 \r\n]/, share: 0.55 },
  { matches: /[A-Z]/, share: 0.185 },
  { matches: /[a-z]/, share: 0.085 },
  { matches: /[-/:.,]/, share: 0.05 },
  { matches: /[!-~]/, share: 0.085 },
  // NUL, SOH, STX, ETX, EOT, ENQ, ACK, TAB, FF, DC1, DC3, NAK: padding, frames, polling.
  // deno-lint-ignore no-control-regex
  { matches: /[\x00-\x06\t\f\x11\x13\x15]/, share: 0.04 },
  { matches: /[^]/, share: 0.005 },
];

/** For each character the odds that it is text and not one of 128 drawn blindly, in bits. */
export const textOdds: readonly number[] = oddsOfCharacters();

function oddsOfCharacters(): number[] {
  const groupOf = Array.from({ length: 128 }, (_, code) => {
    return groups.findIndex(({ matches }) => matches.test(String.fromCharCode(code)));
  });
  return groupOf.map((group) => {
    const members = groupOf.filter((other) => other === group).length;
    return Math.log2(128 * (groups[group]?.share ?? 0) / members);
  });
}
