/** The shape of the files under policies/words/: the words of every notice in one language. What a notice needs is domain/notices.ts. */
import { z } from 'zod';
import { noticeNames, noticeNeeds, noticeParams, type NoticeName } from '../domain/notices.ts';

const words = z.string().min(1);
/** `text_<param>` stands for `text` where that is known: a sum that an offer need not have. */
const notice = z.strictObject({ subject: words, text: words, text_amount: words.optional(), text_cause: words.optional() });

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
        const variant = key.startsWith('text_') ? [key.slice('text_'.length)] : [];
        const given: readonly string[] = [...noticeNeeds[name], ...Object.keys(defaults), ...variant];
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
