/**
 * The archive that the kernel unpacks as its first root: cpio of the "newc" kind, as in the
 * kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
 */

/** What is at a path of the archive. Folders come before what is in them. */
export type ArchiveEntry =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly to: string }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly bytes: Uint8Array;
      readonly isProgram?: boolean;
    };

/** The type bits of a mode, and permissions (inode(7)). */
const modes = { folder: 0o040755, link: 0o120777, file: 0o100644, program: 0o100755 };

const MAGIC = '070701';
const TRAILER = 'TRAILER!!!';
/** Names and contents are padded to multiples of 4. */
const padding = (bytes: number): number => -bytes & 3;

function modeOf(entry: ArchiveEntry): number {
  return entry.kind === 'file' && entry.isProgram === true ? modes.program : modes[entry.kind];
}

function contentOf(entry: ArchiveEntry): Uint8Array {
  switch (entry.kind) {
    case 'folder':
      return new Uint8Array(0);
    case 'link':
      return Buffer.from(entry.to);
    case 'file':
      return entry.bytes;
  }
}

/** One member: 13 numbers of 8 hexadecimal digits, the name with a zero byte, the content. */
function member(path: string, number: number, mode: number, content: Uint8Array): Uint8Array[] {
  const name = Buffer.from(`${path}\0`);
  const [owner, group, links, time] = [0, 0, 1, 0];
  const [devMajor, devMinor, rdevMajor, rdevMinor, checksum] = [0, 0, 0, 0, 0];
  const numbers = [
    ...[number, mode, owner, group, links, time, content.length],
    ...[devMajor, devMinor, rdevMajor, rdevMinor, name.length, checksum],
  ];
  const header = MAGIC + numbers.map((value) => value.toString(16).padStart(8, '0')).join('');
  return [
    Buffer.from(header),
    name,
    new Uint8Array(padding(header.length + name.length)),
    content,
    new Uint8Array(padding(content.length)),
  ];
}

/** An archive of these entries. The same entries give the same bytes: all times are 0. */
export function encodeCpio(entries: readonly ArchiveEntry[]): Uint8Array {
  const members = entries.map((entry, index) =>
    member(entry.path, index + 1, modeOf(entry), contentOf(entry)),
  );
  return Buffer.concat([...members.flat(), ...member(TRAILER, 0, 0, new Uint8Array(0))]);
}
