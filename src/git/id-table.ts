import { readId, writeId } from "./object-id.ts";

/**
 * Object ids and the numbers they were given, from 0 in order of first sight: a hash table with open addressing
 * whose keys lie in one array, since a string for each of a million commits would not fit the budget.
 */
export interface IdTable {
  readonly size: number;
  /** The number of the id in `words`, a new one when the id is not known. */
  intern(words: Uint32Array): number;
  /** The number of an id in hex, all digits or the first 40; -1 when it is not known. */
  find(hex: string): number;
  hexOf(number: number): string;
  /** Gives the id with number `n` the number `numbers[n]`; `numbers` is a permutation. */
  renumber(numbers: Uint32Array): void;
}

/** Hex digits of an id that a tag has room for; a longer id is recognised by them. */
const MOST_IN_A_TAG = 40;

export function createIdTable(wordsPerId: number): IdTable {
  let ids = new Uint32Array(1024 * wordsPerId);
  /** Numbers plus one; 0 is a free place. The length is a power of two, at least twice the size. */
  let places = new Uint32Array(2048);
  let size = 0;
  const probe = new Uint32Array(wordsPerId);

  const isAt = (number: number, words: Uint32Array): boolean => {
    const start = number * wordsPerId;
    for (let word = 0; word < words.length; word += 1) {
      if (ids[start + word] !== words[word]) return false;
    }
    return true;
  };

  /** Where the id is or belongs. Ids are hashes, so the first word scatters well enough. */
  const placeOf = (words: Uint32Array): number => {
    const mask = places.length - 1;
    let place = (words[0] ?? 0) & mask;
    for (;;) {
      const entry = places[place] ?? 0;
      if (entry === 0 || isAt(entry - 1, words)) return place;
      place = (place + 1) & mask;
    }
  };

  const fillPlaces = (length: number): void => {
    places = new Uint32Array(length);
    for (let number = 0; number < size; number += 1) {
      const start = number * wordsPerId;
      places[placeOf(ids.subarray(start, start + wordsPerId))] = number + 1;
    }
  };

  const grow = (): void => {
    const larger = new Uint32Array(ids.length * 2);
    larger.set(ids);
    ids = larger;
    fillPlaces(places.length * 2);
  };

  return {
    get size() {
      return size;
    },
    intern(words) {
      const place = placeOf(words);
      const entry = places[place] ?? 0;
      if (entry !== 0) return entry - 1;
      ids.set(words, size * wordsPerId);
      size += 1;
      places[place] = size;
      if (size * wordsPerId === ids.length) grow();
      return size - 1;
    },
    find(hex) {
      if (hex.length !== wordsPerId * 8 && hex.length !== MOST_IN_A_TAG) return -1;
      const words = probe.subarray(0, hex.length / 8);
      if (!readId(Buffer.from(hex, "latin1"), 0, words)) return -1;
      return (places[placeOf(words)] ?? 0) - 1;
    },
    hexOf: (number) => writeId(ids, number * wordsPerId, wordsPerId),
    renumber(numbers) {
      const ordered = new Uint32Array(size * wordsPerId);
      for (let number = 0; number < size; number += 1) {
        const start = number * wordsPerId;
        const target = (numbers[number] ?? 0) * wordsPerId;
        for (let word = 0; word < wordsPerId; word += 1)
          ordered[target + word] = ids[start + word] ?? 0;
      }
      ids = ordered;
      for (let place = 0; place < places.length; place += 1) {
        const entry = places[place] ?? 0;
        if (entry !== 0) places[place] = (numbers[entry - 1] ?? 0) + 1;
      }
    },
  };
}
