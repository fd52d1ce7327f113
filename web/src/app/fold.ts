// Folds names to what people search by: case, accents and apostrophes are not typed. The rules of the server's src/fold.rs.

/** Letters that Unicode does not decompose. */
const PLAIN: Record<string, string> = { ł: 'l', ø: 'o', đ: 'd', ð: 'd', ħ: 'h', ŧ: 't', æ: 'ae', œ: 'oe', þ: 'th' };

/** Accents of Latin, Greek and Cyrillic; the points of Hebrew and Arabic. Other marks are part of their letter, as in が. */
const ACCENTS = /[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]/g;

/** To upper case before lower case: this way ß is SS, and ς is σ. */
export const fold = (text: string) => text.replaceAll(/['’‘ʼ´`]/g, '').normalize('NFKD').toUpperCase().toLowerCase().normalize('NFKD')
  .replaceAll(ACCENTS, '').replaceAll(/[łøđðħŧæœþ]/g, (letter) => PLAIN[letter]!).normalize('NFC');
