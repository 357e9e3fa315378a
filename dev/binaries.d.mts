/** The types of binaries.mjs, which stays plain JavaScript because it runs before anything is installed. */
export interface Tool {
  name: 'temporal' | 'mongod';
  title: string;
  variable: string;
}

export interface Context {
  log: (line: string) => void;
  env: Record<string, string | undefined>;
  cacheDir: string;
}

/** `fetches` marks a source that takes long and fills the cache: it runs under a lock. */
export interface Source {
  name: string;
  fetches?: boolean;
  find: (tool: Tool, ctx: Context) => Promise<string>;
}

export const defaultSources: Source[];
export function ensureBinaries(
  options?: Partial<Context> & { sources?: Source[] },
): Promise<{ temporal: string; mongod: string }>;
export function adopt(
  tool: Tool,
  ctx: Context,
  from: string,
  fetchInto: (tool: Tool, scratch: string, ctx: Context) => Promise<string>,
): Promise<string>;
