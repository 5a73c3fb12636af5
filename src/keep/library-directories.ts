import type { ElfFile } from './elf.ts';

interface Platform {
  /** What `$PLATFORM` stands for. */
  readonly name: string;
  /** Debian's multiarch tuples. */
  readonly triplets: readonly string[];
}

/** By ELF `e_machine`. Source: gABI machine numbers; https://wiki.debian.org/Multiarch/Tuples. */
export const PLATFORMS: Readonly<Record<number, Platform>> = {
  3: { name: 'i686', triplets: ['i386-linux-gnu'] },
  8: { name: 'mips', triplets: ['mipsel-linux-gnu', 'mips64el-linux-gnuabi64'] },
  20: { name: 'powerpc', triplets: ['powerpc-linux-gnu'] },
  21: { name: 'power8', triplets: ['powerpc64le-linux-gnu', 'powerpc64-linux-gnu'] },
  22: { name: 's390x', triplets: ['s390x-linux-gnu'] },
  40: { name: 'v7l', triplets: ['arm-linux-gnueabihf', 'arm-linux-gnueabi'] },
  62: { name: 'x86_64', triplets: ['x86_64-linux-gnu', 'x86_64-linux-gnux32'] },
  183: { name: 'aarch64', triplets: ['aarch64-linux-gnu'] },
  243: { name: 'riscv64', triplets: ['riscv64-linux-gnu'] },
  258: { name: 'loongarch64', triplets: ['loongarch64-linux-gnu'] },
};

/** Where loaders look without being told, over all distributions, most specific first. */
export function systemDirectories(elf: ElfFile): string[] {
  const names = [
    ...(PLATFORMS[elf.machine]?.triplets ?? []).map((triplet) => `lib/${triplet}`),
    elf.bits === 64 ? 'lib64' : 'lib32',
    'lib',
  ];
  return names.flatMap((name) => [`/${name}`, `/usr/${name}`]);
}
