/**
 * The pack store: policy packs, SLA limits, work calendars and the words of notices as JSON files in one folder, checked once at start.
 * Which packs bind an order, and what they say, is domain/policy/.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { calendarFileSchema } from '../contracts/calendar.ts';
import { catalogueSchema, type Catalogues } from '../contracts/notices.ts';
import { policyPackSchema, slaFileSchema, slaPolicyOf } from '../contracts/policy.ts';
import type { SlaPolicy } from '../domain/case.ts';
import type { PackRef, PolicyPack } from '../domain/policy/packs.ts';
import type { CalendarFile } from '../domain/policy/work-calendar.ts';

export interface PolicyStore {
  readonly packs: readonly PolicyPack[];
  readonly sla: SlaPolicy;
  readonly calendars: readonly CalendarFile[];
  /** The calendar of the desk that serves this jurisdiction (ISO 3166, a subdivision falls back to its country), else the default one. */
  calendarFor(facts: { readonly jurisdiction: string }): CalendarFile;
  /** What notices say, by language. */
  readonly words: Catalogues;
  /** The law or promise behind a rule, with the rule's id; the id alone where no pack has the rule. */
  citationOf(ruleId: string): string;
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
  for (const { file, bytes, json } of filesIn(dir)) {
    if (file.startsWith('sla-')) {
      sla = slaPolicyOf(checked(slaFileSchema.safeParse(json), file));
      continue;
    }
    const pack: PolicyPack = checked(policyPackSchema.safeParse(json), file);
    packs.push(pack);
    hashes.set(nameOf(pack), createHash('sha256').update(bytes).digest('hex'));
  }
  if (!sla) throw new Error(`${dir} has no sla-*.json: the limits of the stages`);
  const calendars = loadCalendars(join(dir, 'calendars'));
  const refOf = (pack: PolicyPack): PackRef => ({ id: pack.id, version: pack.version, sha256: hashes.get(nameOf(pack)) ?? '' });
  return {
    packs,
    sla,
    calendars,
    calendarFor: ({ jurisdiction }) => calendarFor(calendars, jurisdiction),
    words: loadWords(join(dir, 'words')),
    citationOf(ruleId) {
      const cited = packs.flatMap(({ rules }) => rules).find((rule) => rule.id === ruleId)?.cite;
      return cited ? `${cited.map(({ law, article }) => `${law} ${article}`).join(', ')} (${ruleId})` : ruleId;
    },
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

function loadCalendars(dir: string): CalendarFile[] {
  const calendars = filesIn(dir).map(({ file, json }): CalendarFile => checked(calendarFileSchema.safeParse(json), file));
  const served = calendars.flatMap((calendar) => calendar.serves);
  const twice = served.find((one, index) => served.indexOf(one) !== index);
  if (twice) throw new Error(`${dir}: two calendars serve ${twice}`);
  if (!served.includes('*')) throw new Error(`${dir}: no calendar serves everybody else (*)`);
  return calendars;
}

function calendarFor(calendars: readonly CalendarFile[], jurisdiction: string): CalendarFile {
  const serving = (one: string) => calendars.find((calendar) => calendar.serves.includes(one));
  return serving(jurisdiction) ?? serving(jurisdiction.split('-')[0] ?? '') ?? serving('*')!;
}

function loadWords(dir: string): Catalogues {
  const words = filesIn(dir).map(({ file, json }) => [basename(file, '.json'), checked(catalogueSchema.safeParse(json), file)]);
  const catalogues: Catalogues = Object.fromEntries(words);
  if (!catalogues.en) throw new Error(`${dir} has no en.json: what customers of any other language get`);
  return catalogues;
}

const filesIn = (dir: string): { file: string; bytes: Buffer; json: unknown }[] =>
  readdirSync(dir)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => {
      const bytes = readFileSync(join(dir, file));
      return { file, bytes, json: parse(bytes.toString('utf8'), file) };
    });

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
