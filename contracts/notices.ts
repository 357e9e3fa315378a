/** The shape of the files under policies/words/: the words of every notice in one language. What a notice needs is domain/notices.ts. */
import { z } from 'zod';
import {
  noticeNames,
  noticeNeeds,
  noticeParams,
  noticeVariantNames,
  noticeVariants,
  type NoticeName,
  type NoticeVariant,
} from '../domain/notices.ts';

const words = z.string().min(1);
type VariantKey = `text_${NoticeVariant}`;
/** `text_<variant>` stands for `text` in that circumstance. */
const variants = Object.fromEntries(noticeVariantNames.map((variant) => [`text_${variant}`, words.optional()]));
const notice = z.strictObject({ subject: words, text: words, ...(variants as Record<VariantKey, z.ZodOptional<z.ZodString>>) });

export const catalogueSchema = z
  .strictObject({
    /** In which dates and sums are written unless the customer's own language tag says more. */
    locale: z.string().min(2),
    /** What stands for a fact that nobody knows. */
    defaults: z.partialRecord(z.enum(noticeParams), words),
    /** Words for codes of the policy. */
    causes: z.record(z.string(), words),
    notices: z.record(z.enum(noticeNames), notice),
  })
  .superRefine(({ defaults, notices }, context) => {
    for (const name of noticeNames) {
      const entry: z.infer<typeof notice> = notices[name];
      for (const [key, template] of Object.entries(entry)) {
        const more = noticeVariants[key.slice('text_'.length) as NoticeVariant] ?? [];
        const given: readonly string[] = [...noticeNeeds[name], ...Object.keys(defaults), ...more];
        const unknown = placeholdersOf(template).find((param) => !given.includes(param));
        if (unknown) context.addIssue({ code: 'custom', message: `${name}.${key} mentions ${unknown}, which it may not get` });
      }
    }
  });

export type Catalogue = z.infer<typeof catalogueSchema>;
/** By language: `en` is always there. */
export type Catalogues = Readonly<Record<string, Catalogue>>;
export type NoticeEntry = Catalogue['notices'][NoticeName];

export const placeholdersOf = (template: string): string[] => [...template.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]!);
