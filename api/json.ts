/**
 * Bytes as JSON, strictly: UTF-8 without a mark, each key once, no deeper than anything of ours. JSON.parse would mend the rest
 * in silence, and whoever signed or checked the body may have read it otherwise.
 */
import { ApiError } from './errors.ts';

const depthMax = 32;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws `invalid_json`. */
export function readJson(bytes: Uint8Array): unknown {
  try {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    refuseAmbiguous(text);
    return value;
  } catch (cause) {
    throw new ApiError('invalid_json', {}, { cause });
  }
}

/** Walks over text that is known to be JSON. */
function refuseAmbiguous(text: string): void {
  const open: Set<string>[] = [];
  for (const [token, colon] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') {
      if (open.push(new Set()) > depthMax) throw new SyntaxError(`deeper than ${depthMax}`);
    } else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined) {
      const quoted = token.slice(0, -colon.length);
      const key = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
      const keys = open.at(-1)!;
      if (keys.has(key)) throw new SyntaxError('a key twice');
      keys.add(key);
    }
  }
}
