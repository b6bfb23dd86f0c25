/** Bytes of a block. Source: POSIX.1-2017, pax, "ustar Interchange Format". */
const BLOCK = 512;

/** Where the fields of a header are, and how long. */
const NAME = [0, 100] as const;
const SIZE = [124, 12] as const;
const CHECKSUM = [148, 8] as const;

/** A tar archive of one file. The same content always makes the same archive. */
export function archiveOf(name: string, content: Uint8Array): Uint8Array {
  const blocks = Math.ceil(content.length / BLOCK);
  // Two zero blocks end an archive.
  const archive = new Uint8Array((1 + blocks + 2) * BLOCK);
  archive.set(headerOf(name, content.length));
  archive.set(content, BLOCK);
  return archive;
}

/** The file of an archive that `archiveOf` made; `undefined` when it is not there or cut. */
export function fileIn(archive: Uint8Array, name: string): Uint8Array | undefined {
  if (archive.length < BLOCK || textAt(archive, NAME) !== name) return undefined;
  const size = Number.parseInt(textAt(archive, SIZE), 8);
  if (!Number.isSafeInteger(size) || archive.length < BLOCK + size) return undefined;
  return archive.subarray(BLOCK, BLOCK + size);
}

function headerOf(name: string, size: number): Uint8Array {
  const header = new Uint8Array(BLOCK);
  const write = (text: string, at: number): void => header.set(new TextEncoder().encode(text), at);
  write(name, NAME[0]);
  write("0000600\0", 100);
  write("0000000\0", 108);
  write("0000000\0", 116);
  write(`${size.toString(8).padStart(11, "0")}\0`, SIZE[0]);
  write("00000000000\0", 136);
  write(" ".repeat(CHECKSUM[1]), CHECKSUM[0]);
  write("0", 156);
  write("ustar\0", 257);
  write("00", 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  write(`${sum.toString(8).padStart(6, "0")}\0 `, CHECKSUM[0]);
  return header;
}

function textAt(archive: Uint8Array, [at, length]: readonly [number, number]): string {
  const field = archive.subarray(at, at + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end === -1 ? field : field.subarray(0, end)).trim();
}
