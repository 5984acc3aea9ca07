/** As much of ELF64 (System V gABI, chapter 4) as says what a module or a program needs. */
import { bytes, struct, u16, u32, u64 } from '@doorbell/abi';

const fileHeader = struct('Elf64_Ehdr', {
  e_ident: bytes(16),
  e_type: u16,
  e_machine: u16,
  e_version: u32,
  e_entry: u64,
  e_phoff: u64,
  e_shoff: u64,
  e_flags: u32,
  e_ehsize: u16,
  e_phentsize: u16,
  e_phnum: u16,
  e_shentsize: u16,
  e_shnum: u16,
  e_shstrndx: u16,
});

const sectionHeader = struct('Elf64_Shdr', {
  sh_name: u32,
  sh_type: u32,
  sh_flags: u64,
  sh_addr: u64,
  sh_offset: u64,
  sh_size: u64,
  sh_link: u32,
  sh_info: u32,
  sh_addralign: u64,
  sh_entsize: u64,
});

const dynamicEntry = struct('Elf64_Dyn', { d_tag: u64, d_val: u64 });
const DT_NEEDED = 1n;
/** "\x7fELF", 64 bits, little-endian. */
const IDENT = '7f454c460201';

/** A string that ends with a zero byte. */
function stringAt(table: Uint8Array, from: number): string {
  const end = table.indexOf(0, from);
  return Buffer.from(table.subarray(from, end === -1 ? table.length : end)).toString('latin1');
}

export class ElfFile {
  private readonly sections: ReadonlyMap<string, Uint8Array>;

  /** @throws RangeError when it is none. */
  constructor(file: Uint8Array) {
    if (Buffer.from(file.subarray(0, 6)).toString('hex') !== IDENT) {
      throw new RangeError('This is no 64-bit little-endian ELF file.');
    }
    const { e_shoff, e_shnum, e_shstrndx } = fileHeader.decode(file);
    const headers = Array.from({ length: e_shnum }, (_, index) =>
      sectionHeader.decode(file, Number(e_shoff) + index * sectionHeader.size),
    );
    const content = headers.map(({ sh_offset, sh_size }) =>
      file.subarray(Number(sh_offset), Number(sh_offset + sh_size)),
    );
    const names = content[e_shstrndx] ?? new Uint8Array(0);
    this.sections = new Map(
      headers.map(({ sh_name }, index) => [stringAt(names, sh_name), content[index]]),
    );
  }

  /** What is in a section; empty when there is no such section. */
  section(name: string): Uint8Array {
    return this.sections.get(name) ?? new Uint8Array(0);
  }

  /** A section of strings, one after another. */
  strings(name: string): readonly string[] {
    const all = Buffer.from(this.section(name)).toString('latin1');
    return all.split('\0').filter((text) => text !== '');
  }

  /** The libraries that a program is linked with. */
  get needed(): readonly string[] {
    const [dynamic, names] = [this.section('.dynamic'), this.section('.dynstr')];
    const entries = Array.from({ length: dynamic.length / dynamicEntry.size }, (_, index) =>
      dynamicEntry.decode(dynamic, index * dynamicEntry.size),
    );
    return entries
      .filter(({ d_tag }) => d_tag === DT_NEEDED)
      .map(({ d_val }) => stringAt(names, Number(d_val)));
  }
}
