/**
 * Puts a notice into the customer's words: language, time zone, currency. The words are policies/words/, what each needs domain/notices.ts.
 * A notice with a gap would say something else than it means, so a missing fact is an error here, and a person's matter then.
 */
import { createInstance } from 'i18next';
import { placeholdersOf, type Catalogue, type Catalogues } from '../contracts/notices.ts';
import { exponentOf } from '../domain/money.ts';
import { type NoticeFacts, type NoticeName, type NoticeParam, type NoticeVariant } from '../domain/notices.ts';

export interface Notice {
  readonly name: NoticeName;
  /** BCP 47. A language without words of its own gets English. */
  readonly language: string;
  readonly params: NoticeFacts;
}
/** Plain text: whoever puts it into HTML escapes it. */
export interface NoticeWords {
  readonly subject: string;
  readonly text: string;
}
type Params = { readonly [param in NoticeParam]?: string };

/** A notice has not what it must say: no later try will have it. */
export class NoticeLacks extends Error {}

export function createNoticeWords(catalogues: Catalogues): (notice: Notice) => NoticeWords {
  const i18n = createInstance();
  void i18n.init({
    initAsync: false,
    resources: Object.fromEntries(Object.entries(catalogues).map(([language, { notices }]) => [language, { notices }])),
    defaultNS: 'notices',
    fallbackLng: false,
    interpolation: { escapeValue: false },
  });

  return function wordsOf({ name, language, params: facts }) {
    const chosen = languageFor(catalogues, language);
    const catalogue = catalogues[chosen]!;
    const entry = catalogue.notices[name];
    const known: Params = { ...catalogue.defaults, ...paramsOf(facts, catalogue, localeFor(catalogue, language)) };
    const params = facts.firstNotice ? { ...known, firstNotice: subjectOf(facts.firstNotice, known) } : known;
    const told = (['amount', 'cause'] as const).find((param) => entry[`text_${param}`] && params[param]);
    const context = facts.variant && entry[`text_${facts.variant}`] ? facts.variant : told;
    const template = (context && entry[`text_${context}`]) ?? entry.text;
    return { subject: subjectOf(name, params), text: fill(`${name}.text`, template, params, context) };

    function subjectOf(of: NoticeName, values: Params): string {
      return fill(`${of}.subject`, catalogue.notices[of].subject, values);
    }
    function fill(key: string, template: string, values: Params, variant?: NoticeVariant): string {
      const missing = placeholdersOf(template).find((param) => !values[param as NoticeParam]);
      if (missing) throw new NoticeLacks(`notice ${key} in ${chosen} lacks ${missing}`);
      return i18n.getFixedT(chosen)(key, { ...values, context: variant });
    }
  };
}

const baseOf = (tag: string): string => tag.split('-')[0]!.toLowerCase();

function languageFor(catalogues: Catalogues, tag: string): string {
  const languages = Object.keys(catalogues);
  return languages.find((one) => one === tag) ?? languages.find((one) => baseOf(one) === baseOf(tag)) ?? 'en';
}

/** The customer's own way to write dates and sums, if it is written in the same script as the words around it. */
function localeFor({ locale }: Catalogue, tag: string): string {
  try {
    const own = new Intl.Locale(tag);
    const [asked, written] = [own.maximize(), new Intl.Locale(locale).maximize()];
    return own.region && asked.language === written.language && asked.script === written.script ? tag : locale;
  } catch {
    return locale; // not a language tag at all
  }
}

function paramsOf(facts: NoticeFacts, { causes }: Catalogue, locale: string): Params {
  const { rmaNo, orderId, dueAt, currency, amountMinor, deductionMinor, paidMinor, totalMinor, slot, units, timezone } = facts;
  const { trackingNo, carrier, point, ruleIds = [], cause, text, code } = facts;
  const sum = (minor?: number) => (minor === undefined || !currency ? undefined : moneyText(minor, currency, locale));
  const given: Params = {
    rmaNo,
    orderId,
    trackingNo,
    carrier,
    point,
    text,
    code,
    dueAt: dueAt === undefined ? undefined : deadlineText(dueAt, timezone, locale),
    amount: sum(amountMinor),
    deduction: sum(deductionMinor),
    paid: sum(paidMinor),
    total: sum(totalMinor),
    slot: slot && slotText(slot, timezone, locale),
    ruleIds: ruleIds.length > 0 ? new Intl.ListFormat(locale).format(ruleIds) : undefined,
    cause: causeText(cause, causes),
    units: units === undefined ? undefined : numberFormat(locale, {}).format(units),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** A code without words of its own is for colleagues, not for customers. */
function causeText(cause: string | undefined, causes: Catalogue['causes']): string | undefined {
  if (cause === undefined) return undefined;
  return Object.hasOwn(causes, cause) ? causes[cause] : /^[a-z]+(_[a-z]+)+$/.test(cause) ? undefined : cause;
}

function moneyText(minor: number, currency: string, locale: string): string {
  const digits = exponentOf(currency);
  const style = { style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits } as const;
  return plain(numberFormat(locale, style).format(minor / 10 ** digits));
}

/** Deadlines are exclusive: one at midnight is told as the last minute before it, so that nobody reads it as the end of the day after. */
function deadlineText(at: number, timezone: string, locale: string): string {
  const told = isMidnight(at, timezone) ? at - 60_000 : at;
  return `${dayText(told, timezone, locale)} ${clockText(told, timezone, locale)}${zoneText(told, timezone, locale)}`;
}

function slotText({ from, to }: { from: number; to: number }, timezone: string, locale: string): string {
  const [day, lastDay] = [dayText(from, timezone, locale), dayText(to, timezone, locale)];
  const end = `${day === lastDay ? '' : `${lastDay} `}${clockText(to, timezone, locale)}`;
  return `${day} ${clockText(from, timezone, locale)}–${end}${zoneText(from, timezone, locale)}`;
}

const textOf = (at: number, locale: string, options: Intl.DateTimeFormatOptions): string =>
  plain(dateFormat(locale, options).format(at));

const dayText = (at: number, timeZone: string, locale: string): string =>
  textOf(at, locale, {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: baseOf(locale) === 'zh' ? 'long' : 'short',
    year: 'numeric',
  });
const isMidnight = (at: number, timeZone: string): boolean => clockText(at, timeZone, 'en-GB') === '00:00';

/** `06:00`, and where the day has twice twelve hours `6:00 AM`. */
function clockText(at: number, timeZone: string, locale: string): string {
  const { hour12 } = dateFormat(locale, { hour: 'numeric' }).resolvedOptions();
  return textOf(at, locale, { timeZone, hour: hour12 ? 'numeric' : '2-digit', minute: '2-digit' });
}

/** People in China know the name of their time better than its distance from Greenwich. */
function zoneText(at: number, timeZone: string, locale: string): string {
  const isChinese = baseOf(locale) === 'zh';
  const parts = dateFormat(locale, { timeZone, timeZoneName: isChinese ? 'long' : 'short' }).formatToParts(at);
  const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? timeZone;
  return isChinese ? `（${name}）` : ` ${name}`;
}

/** Narrow and unbreakable blanks are not in every font or text message. */
const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');

/** To make one takes longer than to write a whole notice with it. There are as many as locales, zones and currencies in use, and a bound. */
const formatsMax = 500;
function remembered<Options extends object, Format>(
  make: new (locale: string, options: Options) => Format,
): (locale: string, options: Options) => Format {
  const known = new Map<string, Format>();
  return (locale, options) => {
    const name = JSON.stringify([locale, options]);
    const format = known.get(name) ?? new make(locale, options);
    if (known.size >= formatsMax) known.clear();
    known.set(name, format);
    return format;
  };
}
const dateFormat = remembered<Intl.DateTimeFormatOptions, Intl.DateTimeFormat>(Intl.DateTimeFormat);
const numberFormat = remembered<Intl.NumberFormatOptions, Intl.NumberFormat>(Intl.NumberFormat);
