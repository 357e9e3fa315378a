/**
 * The pack store: policy packs and SLA limits as JSON files in one folder, checked once at start.
 * Which packs bind an order, and what they say, is domain/policy/.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { policyPackSchema, slaFileSchema, slaPolicyOf } from '../contracts/policy.ts';
import type { SlaPolicy } from '../domain/case.ts';
import type { PackRef, PolicyPack } from '../domain/policy/packs.ts';

export interface PolicyStore {
  readonly packs: readonly PolicyPack[];
  readonly sla: SlaPolicy;
  /** What a case pins of a pack. */
  refOf(pack: PolicyPack): PackRef;
  /** The very packs that a case pinned; throws if one is missing or its bytes have changed. */
  pinned(refs: readonly PackRef[]): PolicyPack[];
}

/** Reads every pack under `dir`; throws with the file's name if one is malformed. */
export function loadPolicies(dir: string): PolicyStore {
  const packs: PolicyPack[] = [];
  const hashes = new Map<string, string>();
  let sla: SlaPolicy | undefined;
  for (const file of readdirSync(dir)
    .filter((name) => name.endsWith('.json'))
    .sort()) {
    const bytes = readFileSync(join(dir, file));
    const json: unknown = parse(bytes.toString('utf8'), file);
    if (file.startsWith('sla-')) {
      sla = slaPolicyOf(checked(slaFileSchema.safeParse(json), file));
      continue;
    }
    const pack: PolicyPack = checked(policyPackSchema.safeParse(json), file);
    packs.push(pack);
    hashes.set(nameOf(pack), createHash('sha256').update(bytes).digest('hex'));
  }
  if (!sla) throw new Error(`${dir} has no sla-*.json: the limits of the stages`);
  const refOf = (pack: PolicyPack): PackRef => ({ id: pack.id, version: pack.version, sha256: hashes.get(nameOf(pack)) ?? '' });
  return {
    packs,
    sla,
    refOf,
    pinned: (refs) =>
      refs.map((ref) => {
        const pack = packs.find((one) => one.id === ref.id && one.version === ref.version);
        if (!pack) throw new Error(`policy pack ${ref.id} ${ref.version} is not here`);
        if (refOf(pack).sha256 !== ref.sha256)
          throw new Error(`policy pack ${ref.id} ${ref.version} has changed since the case pinned it`);
        return pack;
      }),
  };
}

const nameOf = ({ id, version }: { id: string; version: string }): string => `${id}@${version}`;

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file} is not JSON`, { cause });
  }
}

function checked<T>(result: { success: true; data: T } | { success: false; error: { message: string } }, file: string): T {
  if (!result.success) throw new Error(`${file}: ${result.error.message}`);
  return result.data;
}
