/** A UUIDv7: the time, and 74 random bits. In browsers on https or localhost, and in Node. */
export function uuid7() {
  const time = Date.now().toString(16).padStart(12, '0');
  // What follows the version is the same in a version 4.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}
