// The colour of a person or a group: of their avatar, and of a sender's name.

const HUES = 10;

/** One of the hues of styles/tokens.css, made from the id: the same on every device. Hashes all of it, as UUIDv7s differ at their end. */
export function hueOf(id: string): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 65_521;
  return sum % HUES;
}
